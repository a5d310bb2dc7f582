// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sets CLOCK_REALTIME as the first public driver does at a SYNCRTC, for the
 * comparison in "npm run bench -- clock": the RTC's whole seconds, and half a
 * one for what they do not tell.
 */

#include <fcntl.h>
#include <linux/rtc.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>

int main(void)
{
	struct rtc_time rtc;
	struct tm tm = { 0 };
	struct timespec ts = { .tv_nsec = 500000000 };
	int fd = open("/dev/rtc0", O_RDONLY);

	if (fd < 0 || ioctl(fd, RTC_RD_TIME, &rtc)) {
		perror("/dev/rtc0");
		return 1;
	}
	tm.tm_year = rtc.tm_year;
	tm.tm_mon = rtc.tm_mon;
	tm.tm_mday = rtc.tm_mday;
	tm.tm_hour = rtc.tm_hour;
	tm.tm_min = rtc.tm_min;
	tm.tm_sec = rtc.tm_sec;
	ts.tv_sec = timegm(&tm);
	if (clock_settime(CLOCK_REALTIME, &ts)) {
		perror("clock_settime");
		return 1;
	}
	return 0;
}
