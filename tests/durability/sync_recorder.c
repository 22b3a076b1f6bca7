/* Preloaded into the gateway: notes when each fsync and fdatasync began and ended.
 *
 * Each line of $SYNC_LOG: "<began> <ended> <path>", in nanoseconds of CLOCK_MONOTONIC, which all processes of
 * a machine share. SYNC_FAIL_AFTER=n makes every sync of a write-ahead log after the n-th fail with EIO.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int recorded(const char *name, int fd) {
    static int log_fd = -1;
    static long passed = 0;
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    const char *log = getenv("SYNC_LOG");
    const char *fail_after = getenv("SYNC_FAIL_AFTER");
    char link[64], path[512] = "", line[640];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    if (fail_after && strstr(path, "-wal") && __sync_add_and_fetch(&passed, 1) > atol(fail_after)) {
        errno = EIO;
        return -1;
    }
    long long began = now();
    int result = real(fd);
    long long ended = now();
    if (log) {
        if (log_fd < 0) log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        int size = snprintf(line, sizeof line, "%lld %lld %s\n", began, ended, path);
        if (result == 0 && write(log_fd, line, size) != size) abort();
    }
    return result;
}

int fsync(int fd) { return recorded("fsync", fd); }
int fdatasync(int fd) { return recorded("fdatasync", fd); }
