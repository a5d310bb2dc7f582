// SPDX-License-Identifier: GPL-2.0-or-later
/* shift-clock NS: throws CLOCK_REALTIME off by so much */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_S	1000000000L

int main(int argc, char **argv)
{
	struct timespec ts;
	long long ns;

	if (argc != 2) {
		fprintf(stderr, "usage: %s NS\n", argv[0]);
		return 2;
	}
	ns = atoll(argv[1]);
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += ns / NS_PER_S;
	ts.tv_nsec += ns % NS_PER_S;
	if (ts.tv_nsec < 0) {
		ts.tv_sec--;
		ts.tv_nsec += NS_PER_S;
	} else if (ts.tv_nsec >= NS_PER_S) {
		ts.tv_sec++;
		ts.tv_nsec -= NS_PER_S;
	}
	if (clock_settime(CLOCK_REALTIME, &ts)) {
		perror("clock_settime");
		return 1;
	}
	return 0;
}
