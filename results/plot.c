/* gnuplot is started in the folder that it writes to, so that no path of the user's is ever part of
 * a script; texts go in single quotes, where nothing has a meaning but the quote itself. */
#include "results/plot.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Okabe & Ito, "Color Universal Design" (2008): eight colours that any eye can tell apart; yellow
 * last, weak on white. */
static const char *const lines[] = { "#0072B2", "#D55E00", "#009E73", "#CC79A7",
				     "#56B4E9", "#E69F00", "#000000", "#B8A800" };

/* Paul Tol's "muted" scheme (Introduction to Colour Schemes, 2021), and three greys. */
static const char *const fills[] = { "#88CCEE", "#CC6677", "#DDCC77", "#117733",
				     "#332288", "#AA4499", "#44AA99", "#999933",
				     "#882255", "#BBBBBB", "#777777", "#444444" };

/* What stands in the last bytes of a whole file of each kind. */
static const struct kind {
	const char *suffix, *end;
} kinds[] = { { "svg", "</svg>" }, { "png", "IEND" } };

/* Starts gnuplot with its standard input on *in; -1 on failure, errno set. */
static pid_t start(const char *folder, const char *argument, int *in)
{
	const char *const arguments[] = { "gnuplot", argument, NULL };
	posix_spawn_file_actions_t actions;
	int ends[2], rc;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	/* Its warnings are about empty ranges, which figures of short runs have. */
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	if (folder)
		posix_spawn_file_actions_addchdir_np(&actions, folder);
	rc = posix_spawnp(&pid, "gnuplot", &actions, NULL, (char *const *)(uintptr_t)arguments,
			  environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	*in = ends[1];
	if (rc == 0)
		return pid;
	close(ends[1]);
	errno = rc;
	return -1;
}

static bool finish(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool plot_available(struct err *err)
{
	int in;
	pid_t pid = start(NULL, "--version", &in);
	bool ok = pid > 0;

	if (ok) {
		close(in);
		ok = finish(pid);
	}
	return ok || err_system(err, "gnuplot cannot be run: plots need it (Debian: apt-get "
				     "install gnuplot-nox)");
}

void plot_init(struct plot *plot, int width, int height)
{
	*plot = (struct plot){ .width = width, .height = height };
	plot->data = open_memstream(&plot->data_text, &plot->data_bytes);
	plot->body = open_memstream(&plot->body_text, &plot->body_bytes);
	assert(plot->data && plot->body);
}

void plot_block_open(struct plot *plot)
{
	fprintf(plot->data, "$d%u << EOD\n", plot->blocks++);
}

void plot_block_close(struct plot *plot)
{
	fputs("EOD\n", plot->data);
}

void plot_text(FILE *out, const char *text)
{
	putc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			putc('\'', out);
		putc((unsigned char)*text < 0x20 ? ' ' : *text, out);
	}
	putc('\'', out);
}

void plot_time_axis(struct plot *plot, enum plot_axis axis, double low, double high)
{
	static const struct {
		double at;
		int number;
		const char *unit;
	} tics[] = {
		{ 1e-9, 1, "ns" },  { 1e-8, 10, "ns" },	 { 1e-7, 100, "ns" },  { 1e-6, 1, "us" },
		{ 1e-5, 10, "us" }, { 1e-4, 100, "us" }, { 1e-3, 1, "ms" },    { 1e-2, 10, "ms" },
		{ 0.1, 100, "ms" }, { 1, 1, "s" },	 { 10, 10, "s" },      { 100, 100, "s" },
		{ 1e3, 1000, "s" }, { 1e4, 10000, "s" }, { 1e5, 100000, "s" },
	};
	const char *name = axis == PLOT_X ? "x" : "y";
	int n = 0, stride;

	assert(low > 0);
	if (high < low * 2) { /* a narrow range still needs some labels */
		low /= 1.5;
		high *= 1.5;
	}
	low = pow(10, floor(log10(low) * 10) / 10);
	high = pow(10, ceil(log10(high) * 10) / 10);
	/* Every decade has a label; where few are seen, 2 and 5 have one too, or all nine. */
	stride = high < low * 8 ? 1 : high < low * 200 ? 3 : 10;
	fprintf(plot->body,
		"set logscale %s 10\nset %srange [%.9g:%.9g]\nset m%stics 10\nset %stics (", name,
		name, low, high, name, name);
	for (size_t i = 0; i < sizeof(tics) / sizeof(*tics); i++) {
		for (int step = 1; step < (stride == 3 ? 6 : 10);
		     step += step == 1 && stride == 3 ? 1 : stride)
			if (tics[i].at * step >= low * 0.999 && tics[i].at * step <= high * 1.001)
				fprintf(plot->body, "%s'%d %s' %g", n++ ? ", " : "",
					tics[i].number * step, tics[i].unit, tics[i].at * step);
	}
	fputs(")\n", plot->body);
}

void plot_line_style(struct plot *plot, uint32_t i, bool pale)
{
	const uint32_t n = sizeof(lines) / sizeof(*lines);

	/* Pale: half transparent. Dashes would start anew at every point of a staircase. */
	fprintf(plot->body, "lc rgb '#%s%s' dt %u", pale ? "80" : "", lines[i % n] + 1,
		1 + i / n * 3 % 4);
}

const char *plot_fill(uint32_t i)
{
	return fills[i % (sizeof(fills) / sizeof(*fills))];
}

static void write_script(struct plot *plot, const char *name, FILE *out)
{
	/* Screens scale the SVG; the PNG is for slides and papers: 1.6 times as large, so 160 dpi
	 * at the same size. */
	fputs("set encoding utf8\n", out);
	fwrite(plot->data_text, 1, plot->data_bytes, out);
	for (int png = 0; png < 2; png++) {
		if (png)
			fprintf(out,
				"reset\nset terminal pngcairo size %d,%d font 'DejaVu Sans,14' "
				"fontscale 1.6 "
				"linewidth 1.6 pointscale 1.6 noenhanced\n",
				plot->width * 8 / 5, plot->height * 8 / 5);
		else
			fprintf(out,
				"set terminal svg size %d,%d dynamic name '%s' font 'DejaVu "
				"Sans,14' "
				"background '#ffffff' noenhanced\n",
				plot->width, plot->height, name);
		fprintf(out, "set output '%s.%s.part'\n", name, kinds[png].suffix);
		fputs("set border 3 lw 0.8 lc rgb '#444444'\nset tics nomirror textcolor rgb "
		      "'#222222'\n"
		      "set grid xtics ytics lc rgb '#cccccc' lw 0.8 dt 1\n"
		      "set key reverse Left samplen 2\n",
		      out);
		fwrite(plot->body_text, 1, plot->body_bytes, out);
		fputs("\nset output\n", out);
	}
}

/* Gives the picture its name if it is whole, which gnuplot does not look after; else removes it. */
static bool settle(const char *folder, const char *name, const struct kind *kind)
{
	char path[4096], part[4096 + 8], tail[16];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s.%s", folder, name, kind->suffix);
	snprintf(part, sizeof(part), "%s.part", path);
	fd = open(part, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (lseek(fd, -(off_t)sizeof(tail), SEEK_END) >= 0)
			n = read(fd, tail, sizeof(tail));
		close(fd);
	}
	if (n > 0 && memmem(tail, (size_t)n, kind->end, strlen(kind->end)) &&
	    rename(part, path) == 0)
		return true;
	unlink(part);
	return false;
}

bool plot_draw(struct plot *plot, const char *folder, const char *name, struct err *err)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	int in;
	pid_t pid;
	FILE *out;
	bool ok;

	fclose(plot->data);
	fclose(plot->body);
	plot->data = plot->body = NULL;
	/* gnuplot may end before it has read all: then writing to it must fail, not kill us. */
	sigaction(SIGPIPE, &ignore, &before);
	pid = start(folder, "-", &in);
	out = pid > 0 ? fdopen(in, "w") : NULL;
	if (out) {
		write_script(plot, name, out);
		fclose(out);
	}
	ok = pid > 0 && finish(pid);
	for (int kind = 0; kind < 2; kind++)
		ok = settle(folder, name, &kinds[kind]) && ok;
	sigaction(SIGPIPE, &before, NULL);
	plot_release(plot);
	return ok || err_system(err, "gnuplot could not draw %s/%s.svg", folder, name);
}

void plot_release(struct plot *plot)
{
	if (plot->data)
		fclose(plot->data);
	if (plot->body)
		fclose(plot->body);
	free(plot->data_text);
	free(plot->body_text);
	*plot = (struct plot){ 0 };
}
