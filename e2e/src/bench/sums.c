// The peer of the reconstruction: float32 sums of inputs in memory, eight outputs, one input after the other, on all cores.
// Prints gigabytes of float16 inputs a second: half the bytes of the float32 that it reads.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ELEMENTS = 1 << 20, OUTPUTS = 8, INPUTS = 64 };

static void *share(void *unused) {
  float *input = malloc(ELEMENTS * sizeof(float));
  float *sums = calloc((size_t)ELEMENTS * OUTPUTS, sizeof(float));
  for (int i = 0; i < ELEMENTS; i++) input[i] = i * 1e-6f;
  for (int k = 0; k < INPUTS; k++)
    for (int output = 0; output < OUTPUTS; output++) {
      float *sum = sums + (size_t)output * ELEMENTS;
      const float coefficient = 1.0f / (1 + k + output);
      for (int i = 0; i < ELEMENTS; i++) sum[i] += coefficient * input[i];
    }
  volatile float kept = sums[ELEMENTS / 2];
  (void)kept;
  free(input);
  free(sums);
  return unused;
}

int main(void) {
  const int threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
  pthread_t *thread = malloc(threads * sizeof(pthread_t));
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (int i = 0; i < threads; i++) pthread_create(&thread[i], NULL, share, NULL);
  for (int i = 0; i < threads; i++) pthread_join(thread[i], NULL);
  clock_gettime(CLOCK_MONOTONIC, &end);
  const double seconds = (end.tv_sec - start.tv_sec) + (end.tv_nsec - start.tv_nsec) * 1e-9;
  printf("%f\n", (double)threads * INPUTS * ELEMENTS * 2 / seconds / 1e9);
  return 0;
}
