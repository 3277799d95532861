/* trace_help.h - the help texts of sonde trace. */
#ifndef CLI_TRACE_HELP_H
#define CLI_TRACE_HELP_H

extern const char trace_help[], trace_info_help[], trace_convert_help[], trace_synth_help[];
#endif
