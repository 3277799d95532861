/* One line, put together first and written at once, so that lines of two threads do not mix. */
#include "base/log.h"
#include <assert.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

static _Atomic int limit = LOG_WARN;

void log_level_set(enum log_level level)
{
	assert(level <= LOG_DEBUG);
	limit = (int)level;
}

void log_line(enum log_level level, const char *format, ...)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	char text[1024];
	va_list args;

	assert(level <= LOG_DEBUG);
	if ((int)level > limit)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "sonde: %s: %s\n", names[level], text);
}
