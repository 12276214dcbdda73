// The floor of a burst. Usage: floor N COMMAND SECOND. At that second of the epoch it starts `sh -c COMMAND`
// N times, each in its own session, and waits for all of them. It keeps no records, so no program that does
// can be faster.
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

int main(int count, char **words) {
  if (count != 4) return 2;
  int children = atoi(words[1]);
  char *command[] = {"sh", "-c", words[2], NULL};
  struct timespec second = {.tv_sec = atoll(words[3])};
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t files;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &second, NULL) != 0) {
  }
  for (int child = 0; child < children; child++) {
    pid_t pid;
    int error = posix_spawn(&pid, "/bin/sh", &files, &attributes, command, environ);
    if (error != 0) {
      fprintf(stderr, "posix_spawn: %s\n", strerror(error));
      return 1;
    }
  }
  while (wait(NULL) > 0) {
  }
  return 0;
}
