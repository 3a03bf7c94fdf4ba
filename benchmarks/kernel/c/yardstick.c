/* The yardstick of the Go kernels: the same work by hand in C with AVX-512 intrinsics, for rsq with the stock trigger.
 *
 *   yardstick instance...
 *
 * reads instances that `go run .` exports, checks each cost against Go's, bit for bit, and prints for each the nanoseconds per
 * candidate, scenario and week. The design is that of the kernels: [block][week][lane], three blocks side by side to overlap their chains, the
 * order under way as one bit, returns under way as bit fields, costs in float64 at the end of a block. That float32 suffices for
 * the returns is taken for granted here and found true by the check; the Go code proves it for each SKU. */
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LANES = 16, MAX_WEEKS = 127 };

struct header { int32_t scenarios, weeks, candidates, on_hand, lags, late; };
struct prices { double share, holding, inbound, order, outbound, returns, lost, overstock; };
struct policy { int32_t t0, first, point, again, t_limit; };

struct instance {
	struct header h;
	struct prices p;
	struct policy *policies;
	int32_t inbound[MAX_WEEKS]; /* ordered before week 0, by the week of arrival */
	int32_t outstanding[MAX_WEEKS];
	const double *want; /* [candidate][scenario] */
	int blocks, width;
	int32_t *demand, *arrival, *total;
	float *round;
	uint8_t *shift;
};

struct week { int32_t below, inbound; };

#define ALL(x) _mm512_set1_epi32(x)
#define EACH(S) S(0) if (N > 1) { S(1) } if (N > 2) { S(2) }
#define CELL(j) (((size_t)(j) * weeks + t) * LANES)

static inline __attribute__((always_inline)) int price(const struct prices *p, __m256i on_hand, __m256i ordered, __m256i orders,
		__m256i sales, __m256i lost, __m256i final, double limit, double *out)
{
#define TIMES(price, x) _mm512_mul_pd(_mm512_set1_pd(p->price), _mm512_cvtepi32_pd(x))
	__m512d c = TIMES(holding, on_hand);
	c = _mm512_add_pd(c, _mm512_add_pd(TIMES(inbound, ordered), TIMES(order, orders)));
	c = _mm512_add_pd(c, TIMES(outbound, sales));
	c = _mm512_add_pd(c, TIMES(returns, sales));
	c = _mm512_add_pd(c, TIMES(lost, lost));
	c = _mm512_add_pd(c, TIMES(overstock, final));
	_mm512_storeu_pd(out, c);
	return __builtin_popcount(_mm512_cmp_pd_mask(c, _mm512_set1_pd(limit), _CMP_GE_OQ));
}

/* run runs N blocks from block b on and returns how many costs are at least limit. */
static inline __attribute__((always_inline)) int run(const struct instance *in, const struct policy *o, const struct week *rows,
		int b, const int N, const int RETURNS, double limit, double *costs)
{
	const int weeks = in->h.weeks;
	const size_t first_cell = (size_t)b * weeks * LANES;
	const int32_t *demand = in->demand + first_cell, *arrival = in->arrival + first_cell;
	const float *round = in->round + first_cell;
	const uint8_t *shift = in->shift + first_cell;
	const __m512i zero = _mm512_setzero_si512(), again = ALL(o->again), mask = ALL((1u << in->width) - 1);
	const __m128i width = _mm_cvtsi32_si128(in->width);
	const __m512 share = _mm512_set1_ps((float)in->p.share);
	const int kick = o->t0 < weeks && o->first > 0;
	int at_least = 0;
#define START(j) __m512i stock##j = ALL(in->h.on_hand), flight##j = zero, quantity##j = ALL(kick ? o->first : o->again), pending##j = zero, \
		on_hand##j = zero, sales##j = zero, orders##j = zero;
	START(0) START(1) START(2)
	for (int t = 0; t < weeks; t++) {
		const __m512i below = ALL(rows[t].below), inbound = ALL(rows[t].inbound);
		__m512i a0, a1, a2, x0, x1, x2;
		__m512 f0, f1, f2;
#define A(j) a##j = _mm512_max_epi32(stock##j, flight##j);
#define B(j) a##j = _mm512_sub_epi32(a##j, below);
#define C(j) flight##j = _mm512_add_epi32(flight##j, flight##j);
#define D(j) a##j = _mm512_srai_epi32(a##j, 31);
#define E(j) flight##j = _mm512_ternarylogic_epi32(flight##j, a##j, _mm512_load_si512(arrival + CELL(j)), 0xF8);
#define F(j) orders##j = _mm512_sub_epi32(orders##j, a##j);
#define G(j) a##j = _mm512_srai_epi32(flight##j, 31);
#define H(j) x##j = _mm512_and_si512(a##j, quantity##j); quantity##j = _mm512_ternarylogic_epi32(a##j, again, quantity##j, 0xCA);
#define I(j) x##j = _mm512_add_epi32(x##j, inbound); if (RETURNS) { x##j = _mm512_add_epi32(x##j, _mm512_and_si512(pending##j, mask)); pending##j = _mm512_srl_epi32(pending##j, width); }
#define J(j) a##j = _mm512_srli_epi32(x##j, 1);
#define K(j) stock##j = _mm512_add_epi32(stock##j, x##j);
#define L(j) x##j = _mm512_sub_epi32(stock##j, a##j);
#define M(j) x##j = _mm512_min_epi32(x##j, _mm512_load_si512(demand + CELL(j)));
#define O(j) stock##j = _mm512_sub_epi32(stock##j, x##j);
#define P(j) sales##j = _mm512_add_epi32(sales##j, x##j);
#define Q(j) on_hand##j = _mm512_add_epi32(on_hand##j, stock##j);
#define R(j) f##j = _mm512_cvtepi32_ps(x##j);
#define S(j) f##j = _mm512_fmadd_ps(f##j, share, _mm512_load_ps(round + CELL(j)));
#define T(j) x##j = _mm512_cvttps_epi32(f##j);
#define U(j) pending##j = _mm512_add_epi32(pending##j, \
		_mm512_sllv_epi32(x##j, _mm512_cvtepu8_epi32(_mm_load_si128((const void *)(shift + CELL(j))))));
		EACH(A) EACH(B) EACH(C) EACH(D) EACH(E) EACH(F) EACH(G) EACH(H) EACH(I) EACH(J) EACH(K) EACH(L) EACH(M) EACH(O) EACH(P) EACH(Q)
		if (RETURNS) { EACH(R) EACH(S) EACH(T) EACH(U) }
	}
#define LOW(x) _mm512_castsi512_si256(x)
#define HIGH(x) _mm512_extracti64x4_epi64(x, 1)
#define FINISH(j) { \
		__m512i final = _mm512_mask_add_epi32(stock##j, _mm512_cmpgt_epi32_mask(flight##j, zero), stock##j, quantity##j); \
		final = _mm512_add_epi32(final, ALL(in->h.late)); \
		__m512i lost = _mm512_sub_epi32(_mm512_load_si512(in->total + (b + j) * LANES), sales##j); \
		__m512i ordered = _mm512_add_epi32(_mm512_mullo_epi32(orders##j, again), ALL(kick ? o->first - o->again : 0)); \
		double *out = costs + (b + j) * LANES; \
		at_least += price(&in->p, LOW(on_hand##j), LOW(ordered), LOW(orders##j), LOW(sales##j), LOW(lost), LOW(final), limit, out); \
		at_least += price(&in->p, HIGH(on_hand##j), HIGH(ordered), HIGH(orders##j), HIGH(sales##j), HIGH(lost), HIGH(final), limit, out + 8); }
	EACH(FINISH)
	return at_least;
}

static inline __attribute__((always_inline)) int candidate(const struct instance *in, const struct policy *o, double limit, int most,
		double *costs, const int RETURNS)
{
	struct week rows[MAX_WEEKS];
	for (int t = 0; t < in->h.weeks; t++) {
		const int reorder = t > o->t0 && t <= o->t_limit && o->again > 0 && in->outstanding[t] == 0;
		rows[t].below = t == o->t0 ? (o->first > 0 ? INT32_MIN : 0) : reorder ? o->point + 1 : 0;
		rows[t].inbound = in->inbound[t];
	}
	int at_least = 0, b = 0;
	for (; b + 3 <= in->blocks && at_least <= most; b += 3)
		at_least += run(in, o, rows, b, 3, RETURNS, limit, costs);
	if (in->blocks - b == 2 && at_least <= most)
		at_least += run(in, o, rows, b, 2, RETURNS, limit, costs);
	else if (in->blocks - b == 1 && at_least <= most)
		at_least += run(in, o, rows, b, 1, RETURNS, limit, costs);
	return at_least;
}

__attribute__((noinline)) static int without_returns(const struct instance *in, const struct policy *o, double limit, int most, double *costs)
{ return candidate(in, o, limit, most, costs, 0); }
__attribute__((noinline)) static int with_returns(const struct instance *in, const struct policy *o, double limit, int most, double *costs)
{ return candidate(in, o, limit, most, costs, 1); }

static void *must(void *p, const char *what) { if (!p) { perror(what); exit(1); } return p; }

static void *area(size_t n) { n = (n + 63) / 64 * 64; return memset(must(aligned_alloc(64, n), "memory"), 0, n); }

static void read_all(void *to, size_t n, FILE *f, const char *name)
{ if (fread(to, 1, n, f) != n) { fprintf(stderr, "%s is cut short\n", name); exit(1); } }

static struct instance load(const char *name)
{
	struct instance in = {0};
	FILE *f = must(fopen(name, "rb"), name);
	read_all(&in.h, sizeof in.h, f, name);
	read_all(&in.p, sizeof in.p, f, name);
	const int n = in.h.scenarios, weeks = in.h.weeks, m = in.h.candidates;
	in.policies = area(m * sizeof *in.policies);
	read_all(in.policies, m * sizeof *in.policies, f, name);
	read_all(in.inbound, weeks * sizeof *in.inbound, f, name);
	in.outstanding[weeks - 1] = in.h.late + in.inbound[weeks - 1];
	for (int t = weeks - 2; t >= 0; t--)
		in.outstanding[t] = in.outstanding[t + 1] + in.inbound[t];
	in.blocks = (n + LANES - 1) / LANES;
	in.width = 32 / in.h.lags;
	const size_t cells = (size_t)in.blocks * LANES * weeks;
	in.demand = area(cells * 4), in.arrival = area(cells * 4), in.round = area(cells * 4), in.shift = area(cells);
	in.total = area(in.blocks * LANES * 4);
	for (int i = 0; i < n; i++)
		for (int t = 0; t < weeks; t++) {
			struct { int32_t demand, delay, lag; float round; } c;
			read_all(&c, sizeof c, f, name);
			const size_t cell = ((size_t)(i / LANES) * weeks + t) * LANES + i % LANES;
			in.demand[cell] = c.demand, in.round[cell] = c.round, in.total[i] += c.demand;
			in.arrival[cell] = (int32_t)(1u << 31 >> (c.delay < weeks - t ? c.delay : weeks - t));
			in.shift[cell] = c.lag < weeks - t ? (c.lag - 1) * in.width : 255;
		}
	double *want = area((size_t)m * n * 8);
	read_all(want, (size_t)m * n * 8, f, name);
	in.want = want;
	fclose(f);
	return in;
}

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return 1e9 * t.tv_sec + t.tv_nsec; }

int main(int argc, char **argv)
{
	for (int k = 1; k < argc; k++) {
		const struct instance in = load(argv[k]);
		int (*f)(const struct instance *, const struct policy *, double, int, double *) = in.p.share != 0 ? with_returns : without_returns;
		double *costs = area(in.blocks * LANES * 8);
		const int n = in.h.scenarios;
		for (int c = 0; c < in.h.candidates; c++) {
			f(&in, &in.policies[c], HUGE_VAL, n, costs);
			if (memcmp(costs, in.want + (size_t)c * n, n * 8)) { fprintf(stderr, "%s: candidate %d: not Go's costs\n", argv[k], c); return 1; }
		}
		double best = 1e300;
		for (int round = 0; round < 15; round++) {
			const int repeats = 1000;
			double start = now();
			for (int r = 0; r < repeats; r++)
				f(&in, &in.policies[r % in.h.candidates], HUGE_VAL, n, costs);
			double ns = (now() - start) / repeats / n / in.h.weeks;
			if (ns < best) best = ns;
		}
		printf("%.5f\n", best);
	}
	return 0;
}
