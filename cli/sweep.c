/* The parent only starts workers, waits and merges.  A worker is a fork that does one point: what
 * it has done is a file in place or nothing, so there is no protocol between the two but an exit
 * status.  OUT appears by a rename; the file "sweep" in the folder says whose it is, so that a
 * sweep that was killed while it cleaned up is known to be finished. */
#include "cli/sweep.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/cli.h"
#include "cli/shard.h"
#include "results/digest.h"
#include "results/points.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	TRIES = 2,	   /* of a point whose worker is killed or crashes */
	REDRAW_MS = 200,   /* source: base/progress.c */
	LOCK_WAITS = 30,   /* times 100 ms for the workers of a killed sweep to end */
	LOCK_WAIT_MS = 100 /* source: assumption: they are killed with it, at once */
};

struct worker {
	pid_t pid;
	uint32_t point;
};

struct sweep {
	const struct sweep_wishes *wishes;
	struct shard_plan plan;
	struct arena arena;
	const char *folder, *whose; /* OUT.parts, and the file in it that says whose it is */
	char name[17];		    /* what is in that file: the digest of all keys */
	int lock;
	uint8_t *tries;	    /* of every point */
	VEC(uint32_t) todo; /* the next one last */
	VEC(struct worker) workers;
	sigset_t mask;	     /* as it was */
	uint32_t done, lost; /* points; lost: killed twice */
	bool failed;	     /* a worker met bad input or a fault: no further ones */
	int status;	     /* its exit status */
};

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* ---- the folder ---- */

/* Whether a file of the folder is ours: a shard, or one that was not finished. */
static bool is_ours(const char *name, bool unfinished)
{
	size_t n = strspn(name, "0123456789abcdef");

	if (!strncmp(name, "merged.tmp", 10) || !strncmp(name, "sweep.tmp", 9) ||
	    (n == 16 && !strncmp(name + n, ".tmp", 4)))
		return true;
	return !unfinished && n == 16 && !strcmp(name + n, ".db");
}

static void clean(const struct sweep *sweep, bool unfinished)
{
	DIR *folder = opendir(sweep->folder);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (is_ours(entry->d_name, unfinished))
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
}

/* Away with it all; what says whose it was goes last. */
static void remove_folder(struct sweep *sweep)
{
	clean(sweep, false);
	unlink(arena_print(&sweep->arena, "%s/lock", sweep->folder));
	unlink(sweep->whose);
	rmdir(sweep->folder);
}

/* Whether the folder was left by this very sweep. */
static bool is_whose(const struct sweep *sweep)
{
	char name[17] = "";
	FILE *file = fopen(sweep->whose, "r");
	bool same;

	if (!file)
		return false;
	same = fread(name, 1, 16, file) == 16 && !strcmp(name, sweep->name);
	fclose(file);
	return same;
}

static bool put_whose(struct sweep *sweep, struct err *err)
{
	const char *unfinished = arena_print(&sweep->arena, "%s.tmp", sweep->whose);
	FILE *file = fopen(unfinished, "w");
	bool ok = file && fputs(sweep->name, file) >= 0;

	if (file && fclose(file))
		ok = false;
	ok = ok && !rename(unfinished, sweep->whose);
	return ok || err_system(err, "cannot write %s: %s", unfinished, strerror(errno));
}

static bool take_lock(struct sweep *sweep, struct err *err)
{
	const char *path = arena_print(&sweep->arena, "%s/lock", sweep->folder);

	sweep->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (sweep->lock < 0)
		return err_system(err, "cannot write %s: %s", path, strerror(errno));
	for (int i = 0; flock(sweep->lock, LOCK_EX | LOCK_NB); i++) {
		if (i == LOCK_WAITS)
			return err_system(err, "another sweep is at work in %s", sweep->folder);
		sleep_ms(LOCK_WAIT_MS);
	}
	return true;
}

/* Makes the folder ours and looks which points are there.  *finished: OUT is this sweep's. */
static bool open_folder(struct sweep *sweep, bool *finished, struct err *err)
{
	const char *out = sweep->wishes->out;
	bool there = access(out, F_OK) == 0;
	uint32_t points = sweep->plan.study.points;

	if (there && access(sweep->folder, F_OK))
		return err_set(err,
			       "%s is there already: a sweep makes a file of its own; expected "
			       "another --out, or none of that name",
			       out);
	if (mkdir(sweep->folder, 0777) && errno != EEXIST)
		return err_system(err, "cannot make the folder %s: %s", sweep->folder,
				  strerror(errno));
	if (!take_lock(sweep, err))
		return false;
	*finished = there && is_whose(sweep);
	if (there && !*finished)
		return err_set(err, "%s is there already, and not of this sweep", out);
	clean(sweep, true);
	if (*finished)
		return true;
	for (uint32_t i = points; i-- > 0;) {
		if (access(shard_path(&sweep->plan, i, true, &sweep->arena), F_OK))
			vec_push(&sweep->todo, i);
		else
			sweep->done++;
	}
	return put_whose(sweep, err);
}

/* ---- workers ---- */

/* In the worker, which must not outlive the parent, and leaves signals of the terminal to it. */
__attribute__((noreturn)) static void work(struct sweep *sweep, uint32_t point, pid_t parent)
{
	struct err err = { 0 };
	bool ok;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &sweep->mask, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILED);
	ok = shard_run(&sweep->plan, point, &err);
	_exit(ok ? EXIT_DONE : cli_fail(&err));
}

static bool start(struct sweep *sweep, struct err *err)
{
	uint32_t point = sweep->todo.at[sweep->todo.n - 1];
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return err_system(err, "cannot start a worker: %s", strerror(errno));
	if (!pid)
		work(sweep, point, parent);
	sweep->todo.n--;
	sweep->tries[point]++;
	vec_push(&sweep->workers, (struct worker){ pid, point });
	return true;
}

static void ended(struct sweep *sweep, uint32_t point, int status)
{
	const char *label = shard_at(&sweep->plan, point, &sweep->arena).label;

	if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		sweep->done++;
	} else if (WIFEXITED(status)) {
		log_line(LOG_ERROR, "point %s: failed; no further ones are begun", label);
		sweep->failed = true;
		sweep->status = WEXITSTATUS(status);
	} else if (sweep->tries[point] < TRIES) {
		log_line(LOG_WARN, "point %s: its worker ended by signal %d (%s); once more", label,
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
		vec_push(&sweep->todo, point);
	} else {
		log_line(LOG_ERROR, "point %s: its worker ended by signal %d (%s) again; left out",
			 label, WTERMSIG(status), strsignal(WTERMSIG(status)));
		sweep->lost++;
	}
}

/* Takes the workers that have ended; false when there are none. */
static bool reap(struct sweep *sweep)
{
	bool any = false;
	int status;

	for (uint32_t i = 0; i < sweep->workers.n;) {
		struct worker worker = sweep->workers.at[i];

		if (waitpid(worker.pid, &status, WNOHANG) != worker.pid) {
			i++;
			continue;
		}
		sweep->workers.at[i] = vec_pop(&sweep->workers);
		ended(sweep, worker.point, status);
		any = true;
	}
	return any;
}

static void kill_workers(struct sweep *sweep)
{
	for (uint32_t i = 0; i < sweep->workers.n; i++) {
		kill(sweep->workers.at[i].pid, SIGKILL);
		waitpid(sweep->workers.at[i].pid, NULL, 0);
	}
	sweep->workers.n = 0;
}

/* The cores that this process may use. */
static uint32_t cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
	return (uint32_t)CPU_COUNT(&set);
}

static bool run_points(struct sweep *sweep, struct err *err)
{
	const struct sweep_wishes *wishes = sweep->wishes;
	const struct timespec wait = { 0, REDRAW_MS * 1000000L };
	uint32_t jobs = wishes->jobs ? wishes->jobs : cores(), before = sweep->done;
	struct progress progress;
	sigset_t child;
	bool ok = true;

	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &sweep->mask);
	progress_start(&progress, "points", sweep->todo.n, wishes->quiet || wishes->json);
	while (ok && !cli_stop) {
		while (ok && !sweep->failed && sweep->todo.n && sweep->workers.n < jobs)
			ok = start(sweep, err);
		if (!ok || !sweep->workers.n)
			break;
		if (!reap(sweep))
			sigtimedwait(&child, NULL, &wait);
		progress_show(&progress, sweep->done - before);
	}
	progress_end(&progress);
	kill_workers(sweep);
	clean(sweep, true);
	sigprocmask(SIG_SETMASK, &sweep->mask, NULL);
	return ok;
}

/* ---- the end ---- */

static bool merge(struct sweep *sweep, struct err *err)
{
	const char *merged = arena_print(&sweep->arena, "%s/merged.tmp", sweep->folder);
	struct store store;
	bool ok;

	if (!store_open(&store, merged, err))
		return false;
	ok = true;
	for (uint32_t i = 0; ok && i < sweep->plan.study.points; i++)
		ok = store_merge(&store, shard_path(&sweep->plan, i, true, &sweep->arena), err);
	store_close(&store);
	if (ok && rename(merged, sweep->wishes->out))
		ok = err_system(err, "cannot make %s: %s", sweep->wishes->out, strerror(errno));
	return ok;
}

static bool print(const struct sweep *sweep, struct err *err)
{
	const struct study *study = &sweep->plan.study;
	struct store store;
	uint64_t digest;
	bool ok;

	if (!store_open_read(&store, sweep->wishes->out, err))
		return false;
	if (sweep->wishes->json) {
		ok = points_json(stdout, &store, study->metric, err);
	} else {
		printf("%s: %u point%s in %s\n\n", sweep->plan.path, study->points,
		       study->points == 1 ? "" : "s", sweep->wishes->out);
		ok = points_print(stdout, &store, study->metric, study->half_width, err) &&
		     digest_store(&store, &digest, err);
		if (ok)
			printf("\ndigest %016" PRIx64 "\n", digest);
	}
	store_close(&store);
	return ok;
}

/* Says why there is no results file, and what there is. */
static int unfinished(const struct sweep *sweep)
{
	if (cli_stop)
		log_line(LOG_WARN, "stopped");
	log_line(LOG_WARN, "%u of %u points are kept in %s; the same command goes on from there",
		 sweep->done, sweep->plan.study.points, sweep->folder);
	return sweep->status ? sweep->status : EXIT_FAILED;
}

static int run_in_folder(struct sweep *sweep)
{
	struct err err = { 0 };
	bool finished = false;

	if (!open_folder(sweep, &finished, &err))
		return cli_fail(&err);
	if (!finished) {
		if (sweep->done && !sweep->wishes->quiet && !sweep->wishes->json)
			fprintf(stderr, "sonde: %u of %u points are there from before\n",
				sweep->done, sweep->plan.study.points);
		if (!run_points(sweep, &err))
			return cli_fail(&err);
		if (sweep->done < sweep->plan.study.points)
			return unfinished(sweep);
		if (!merge(sweep, &err))
			return cli_fail(&err);
	}
	remove_folder(sweep);
	return print(sweep, &err) ? cli_flush() ? EXIT_DONE : EXIT_FAILED : cli_fail(&err);
}

int sweep_run(const struct sweep_wishes *wishes)
{
	struct sweep sweep = { .wishes = wishes, .lock = -1 };
	uint64_t name = DIGEST_EMPTY;
	struct err err = { 0 };
	int status;

	arena_init(&sweep.arena);
	sweep.folder = arena_print(&sweep.arena, "%s.parts", wishes->out);
	sweep.whose = arena_print(&sweep.arena, "%s/sweep", sweep.folder);
	if (!shard_plan_read(&sweep.plan, wishes->path, sweep.folder, wishes->variant, wishes->sets,
			     wishes->n_sets, &err)) {
		status = cli_fail(&err);
	} else {
		uint32_t points = sweep.plan.study.points;

		name = digest_bytes(name, sweep.plan.key, points * sizeof(*sweep.plan.key));
		snprintf(sweep.name, sizeof(sweep.name), "%016" PRIx64, name);
		sweep.tries = ARENA_ARRAY(&sweep.arena, uint8_t, points);
		cli_catch();
		status = run_in_folder(&sweep);
	}
	if (sweep.lock >= 0)
		close(sweep.lock);
	vec_release(&sweep.todo);
	vec_release(&sweep.workers);
	shard_plan_release(&sweep.plan);
	arena_release(&sweep.arena);
	return status;
}
