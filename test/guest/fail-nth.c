// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fail-nth load MODULE.ko NAME
 * fail-nth write FILE TEXT UNDO-FILE
 *
 * Loads a module, or writes a text to a file, again and again: the first time
 * the first allocation of the system call fails, then the second, and so on
 * (/proc/self/fail-nth, see Documentation/fault-injection of the kernel). What
 * works in spite of that is undone: the module is unloaded, or the text is
 * written to the other file. Ends with the first time that nothing was left to
 * fail, and prints how many were: "n failed, n of them borne".
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The one to fail from now on, or 0 for none; the number that was left until then. */
static int fail_nth(int n)
{
	static int fd = -1;
	char text[16] = "";

	if (fd < 0)
		fd = open("/proc/self/fail-nth", O_RDWR);
	if (fd < 0)
		err(1, "fail-nth");
	if (n == 0 && pread(fd, text, sizeof(text) - 1, 0) < 0)
		err(1, "fail-nth");
	if (dprintf(fd, "%d", n) < 0)
		err(1, "fail-nth");
	return atoi(text);
}

static int must_open(const char *file, int flags)
{
	int fd = open(file, flags);

	if (fd < 0)
		err(1, "%s", file);
	return fd;
}

static void must_write(const char *file, const char *text)
{
	int fd = must_open(file, O_WRONLY);

	if (write(fd, text, strlen(text)) < 0)
		err(1, "%s", file);
	close(fd);
}

int main(int argc, char **argv)
{
	int load = argc == 4 && !strcmp(argv[1], "load");
	int borne = 0, left, fd, n;
	long done;

	if (!load && !(argc == 5 && !strcmp(argv[1], "write")))
		errx(2, "load MODULE.ko NAME | write FILE TEXT UNDO-FILE");

	for (n = 1;; n++) {
		fd = must_open(argv[2], load ? O_RDONLY : O_WRONLY);
		fail_nth(n);
		if (load)
			done = syscall(SYS_finit_module, fd, "", 0);
		else
			done = write(fd, argv[3], strlen(argv[3]));
		left = fail_nth(0);
		close(fd);
		if (done >= 0) {
			if (!load)
				must_write(argv[4], argv[3]);
			else if (syscall(SYS_delete_module, argv[3], 0))
				err(1, "unload %s", argv[3]);
		}
		if (left)
			break;
		borne += done >= 0;
	}
	if (done < 0)
		errx(1, "failed with nothing left to fail");
	printf("%d failed, %d of them borne\n", n - 1, borne);
	return 0;
}
