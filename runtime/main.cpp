#include "runtime/abi.h"
int main() {
  return linnet_product_model.abi == 1 ? 0 : 5;
}
