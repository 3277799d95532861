/* ziggurat - prints base/ziggurat.h, the tables of rng_exp and rng_normal.
 *
 * Marsaglia & Tsang, "The ziggurat method for generating random variables" (2000), 256 layers of
 * equal area v under the falling density f (unnormalised: exp(-x), exp(-x*x/2)).  Layer 0 is the
 * base: a box of width v/f(r) and height f(r) that stands for everything under f(r), the tail
 * beyond r included; layer i > 0 lies between f(x[i]) and f(x[i+1]) and is x[i] wide, x[1] = r,
 * x[256] = 0.  The only unknown is r, found by bisection: the area of the topmost layer must come
 * out as v too.  Done in long double so that the rounded constants are right.
 *
 *   cc -std=c11 -o /tmp/ziggurat tools/ziggurat.c -lm && /tmp/ziggurat > base/ziggurat.h */
#include <math.h>
#include <stdio.h>

enum { LAYERS = 256 };

struct shape {
	const char *name;
	long double (*f)(long double x), (*inverse)(long double y),
		(*tail)(long double r); /* tail: area beyond r */
};

static long double exp_f(long double x)
{
	return expl(-x);
}

static long double exp_inverse(long double y)
{
	return -logl(y);
}

static long double normal_f(long double x)
{
	return expl(-x * x / 2);
}

static long double normal_inverse(long double y)
{
	return sqrtl(-2 * logl(y));
}

static long double normal_tail(long double r)
{
	return sqrtl(acosl(-1) / 2) * erfcl(r / sqrtl(2));
}

/* Builds the layers for r; returns how far the topmost area is from v: below 0 = r too large. */
static long double build(const struct shape *shape, long double r, long double x[LAYERS + 1])
{
	long double v = r * shape->f(r) + shape->tail(r), y;

	x[0] = v / shape->f(r);
	x[1] = r;
	for (int i = 2; i < LAYERS; i++) {
		y = shape->f(x[i - 1]) + v / x[i - 1];
		if (y >= 1)
			return 1;
		x[i] = shape->inverse(y);
	}
	x[LAYERS] = 0;
	return v - x[LAYERS - 1] * (1 - shape->f(x[LAYERS - 1]));
}

static void print(const struct shape *shape)
{
	long double x[LAYERS + 1], low = 1, high = 20, r;

	for (int i = 0; i < 200; i++) {
		r = (low + high) / 2;
		if (build(shape, r, x) > 0)
			low = r;
		else
			high = r;
	}
	build(shape, high, x);
	printf("\nstatic const double zig_%s_r = %a;\n", shape->name, (double)high);
	printf("static const struct zig_layer zig_%s[%d] = {", shape->name, LAYERS);
	for (int i = 0; i < LAYERS; i++)
		printf("%s{ 0x%llx, %a },", i % 2 ? " " : "\n\t",
		       (unsigned long long)(x[i + 1] / x[i] * 0x1p53L), (double)(x[i] * 0x1p-53L));
	printf("\n};\nstatic const double zig_%s_y[%d] = {", shape->name, LAYERS + 1);
	for (int i = 0; i <= LAYERS; i++)
		printf("%s%a,", i % 4 ? " " : "\n\t", (double)(i ? shape->f(x[i]) : 0));
	printf("\n};\n");
}

int main(void)
{
	static const struct shape shapes[] = {
		{ "exp", exp_f, exp_inverse, exp_f },
		{ "normal", normal_f, normal_inverse, normal_tail },
	};

	printf("/* ziggurat.h - made by tools/ziggurat.c, which says how; for base/rng.c alone.\n"
	       " *\n"
	       " * A draw of 53 bits u in layer i is accepted at once where u < inside; its value "
	       "is u * width.\n"
	       " * y[i] is the density at the layer's lower edge (y[0]: the floor).  r is where "
	       "the tail begins. */\n"
	       "#ifndef BASE_ZIGGURAT_H\n#define BASE_ZIGGURAT_H\n#include <stdint.h>\n\n"
	       "struct zig_layer { uint64_t inside; double width; };\n");
	for (int i = 0; i < 2; i++)
		print(&shapes[i]);
	printf("#endif\n");
	return 0;
}
