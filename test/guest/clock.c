// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest's clock against the host's, without the driver under test
 *
 *	clock RESOURCE COUNT [OFFSET]
 *
 * Reads vmmci's queue page register, which means nothing to anybody, between
 * two readings of CLOCK_REALTIME, and prints both in ns. The device logs the
 * host's time of each read; the harness puts the two together (see RIG.md's
 * "honest clock comparison"). A read: QEMU would post a write. OFFSET reads
 * another register instead, to see how long that takes.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/io.h>
#include <time.h>

#define REG_QUEUE_PFN	8

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* BAR 0, from the sysfs file "resource" of the PCI function. */
static unsigned short io_base(const char *resource)
{
	unsigned long long base;
	FILE *file = fopen(resource, "r");

	if (!file || fscanf(file, "%llx", &base) != 1) {
		perror(resource);
		exit(1);
	}
	fclose(file);
	return (unsigned short)base;
}

int main(int argc, char **argv)
{
	unsigned short port;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: %s RESOURCE COUNT [OFFSET]\n", argv[0]);
		return 2;
	}
	port = io_base(argv[1]);
	port += argc > 3 ? atoi(argv[3]) : REG_QUEUE_PFN;
	if (iopl(3)) {
		perror("iopl");
		return 1;
	}
	for (int i = atoi(argv[2]); i > 0; i--) {
		int64_t before = now();

		inl(port);
		printf("%" PRId64 " %" PRId64 "\n", before, now());
	}
	return 0;
}
