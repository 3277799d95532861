/* log.h - one line on stderr for a person: level, text. Quiet by default; never part of a
 * result. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Lines above this level are dropped; the default is LOG_WARN. */
void log_level_set(enum log_level level);
/* Writes "sonde: level: text" to stderr. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#endif
