// SPDX-License-Identifier: GPL-2.0-or-later
/* slew US: has the kernel slew the clock by so much, as OpenNTPD does */

#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

int main(int argc, char **argv)
{
	struct timeval by = { 0 };

	if (argc != 2) {
		fprintf(stderr, "usage: %s US\n", argv[0]);
		return 2;
	}
	by.tv_usec = atol(argv[1]);
	if (adjtime(&by, NULL)) {
		perror("adjtime");
		return 1;
	}
	return 0;
}
