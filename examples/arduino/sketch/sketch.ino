// Calls the network once a second and prints its answer and the time it took.
#include <NAME.h>

alignas(NAME_ARENA_ALIGN) static unsigned char arena[NAME_ARENA_BYTES + 1];
static float input[INPUTS], output[OUTPUTS];

void setup() {
  Serial.begin(115200);
  for (int i = 0; i < INPUTS; ++i)
    input[i] = static_cast<float>(i % 7) / 7;
}

void loop() {
  const unsigned long start = micros();
  const int status = NAME_run(input, output, arena);
  const unsigned long time = micros() - start;
  if (status != 0) {
    Serial.println("the call failed");
    return;
  }
  for (float value : output) {
    Serial.print(value, 6);
    Serial.print(' ');
  }
  Serial.print("in microseconds: ");
  Serial.println(time);
  delay(1000);
}
