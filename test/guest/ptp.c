// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a time daemon does with a PTP clock, and what it may not do
 *
 *	ptp read DEVICE COUNT	COUNT readings, each as "before host after" in ns,
 *				by PTP_SYS_OFFSET_EXTENDED as chrony makes them
 *	ptp refuse DEVICE	the clock's abilities, and the errno of each try to
 *				set, shift, adjust or enable something
 *	ptp follow DEVICE	"reading" once the first one is made, then the
 *				errno of the first that fails
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/ptp_clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define FD_TO_CLOCKID(fd)	((clockid_t)((~(unsigned int)(fd) << 3) | 3))

static int64_t ns(const struct ptp_clock_time *t)
{
	return t->sec * INT64_C(1000000000) + t->nsec;
}

static int read_clock(int fd, int count)
{
	while (count > 0) {
		struct ptp_sys_offset_extended sample = {
			.n_samples = count < PTP_MAX_SAMPLES ?
				     count : PTP_MAX_SAMPLES,
		};

		if (ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &sample))
			return -1;
		for (unsigned int i = 0; i < sample.n_samples; i++) {
			printf("%" PRId64 " %" PRId64 " %" PRId64 "\n",
			       ns(&sample.ts[i][0]), ns(&sample.ts[i][1]),
			       ns(&sample.ts[i][2]));
		}
		count -= (int)sample.n_samples;
	}
	return 0;
}

static void told(const char *what, int result)
{
	printf("%s: %s\n", what, result ? strerrorname_np(errno) : "done");
}

static int refuse(int fd)
{
	struct timex frequency = { .modes = ADJ_FREQUENCY };
	struct timex shift = { .modes = ADJ_SETOFFSET, .time.tv_sec = 1 };
	struct timespec ts = { .tv_sec = 1 };
	struct ptp_clock_caps caps;

	if (ioctl(fd, PTP_CLOCK_GETCAPS, &caps))
		return -1;
	printf("max_adj: %d\npps: %d\n", caps.max_adj, caps.pps);
	told("set", clock_settime(FD_TO_CLOCKID(fd), &ts));
	told("shift", clock_adjtime(FD_TO_CLOCKID(fd), &shift));
	told("adjust", clock_adjtime(FD_TO_CLOCKID(fd), &frequency));
	told("pps", ioctl(fd, PTP_ENABLE_PPS, 1));
	return 0;
}

static int follow(int fd)
{
	struct timespec ts;
	int first = 1;

	while (!clock_gettime(FD_TO_CLOCKID(fd), &ts)) {
		if (first) {
			puts("reading");
			fflush(stdout);
		}
		first = 0;
	}
	puts(strerrorname_np(errno));
	return 0;
}

int main(int argc, char **argv)
{
	int fd, err = -1;

	if (argc < 3) {
		fprintf(stderr, "usage: %s read|refuse|follow DEVICE [COUNT]\n",
			argv[0]);
		return 2;
	}
	fd = open(argv[2], O_RDWR);
	if (fd < 0) {
		perror(argv[2]);
		return 1;
	}
	if (!strcmp(argv[1], "read"))
		err = read_clock(fd, argc > 3 ? atoi(argv[3]) : 1);
	else if (!strcmp(argv[1], "refuse"))
		err = refuse(fd);
	else if (!strcmp(argv[1], "follow"))
		err = follow(fd);
	if (err)
		perror(argv[1]);
	return err ? 1 : 0;
}
