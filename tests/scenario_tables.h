/* scenario_tables.h - small option tables and a folder of files, for the tests of the loader. */
#ifndef TESTS_SCENARIO_TABLES_H
#define TESTS_SCENARIO_TABLES_H
#include "scenarios/load.h"

struct engine {
	int64_t blocks;
	double share;
};
struct part {
	const char *name;
	int64_t size_bytes;
};
struct service {
	const char *name;
	struct engine engine;
	struct dist start;
	struct opt_list parts;
};
struct limits {
	int64_t pods;
};
struct root {
	int64_t seed, time_ns;
	const char *title;
	bool fast;
	int policy;
	double rate;
	struct engine engine;
	struct limits limits;
	struct service service;
	struct opt_list services;
};

/* What the last load left. */
extern struct arena arena;
extern struct root root;
extern struct scenario scenario;
extern const struct opt root_options[];

/* Fixtures: an arena and a folder of its own, which is the working directory. */
void scenario_setup(void);
void scenario_teardown(void);
/* Writes a file. */
void put_bytes(const char *name, const char *data, size_t bytes);
void put(const char *name, const char *text);
/* Loads s.yaml with --set arguments that line ends part; the message is the whole line. */
bool load(const char *sets, char *message, size_t size);
/* Writes s.yaml and loads it, which must go well. */
void good(const char *text, const char *sets);
/* A service, and a part of one, of the last load. */
const struct service *service(uint32_t i);
const struct part *part(const struct service *of, uint32_t i);
#endif
