// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CLOCK_REALTIME minus CLOCK_MONOTONIC in ns, the best of a few readings
 *
 * Only setting the clock changes it, whatever the rate of the clock is: two
 * of these tell whether anybody did so in between.
 */

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static int64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

int main(void)
{
	int64_t epoch = 0, window = INT64_MAX;

	for (int i = 0; i < 50; i++) {
		int64_t before = now(CLOCK_MONOTONIC);
		int64_t real = now(CLOCK_REALTIME);
		int64_t after = now(CLOCK_MONOTONIC);

		if (after - before < window) {
			window = after - before;
			epoch = real - (before + after) / 2;
		}
	}
	printf("%" PRId64 "\n", epoch);
	return 0;
}
