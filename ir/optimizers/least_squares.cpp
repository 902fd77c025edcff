// The parameters of an affine model, solved for instead of searched.
#include "ir/optimizer.h"

namespace linnet::ir {

const Optimizer optimizers::least_squares{
    .name = "least_squares",
    .doc = "the parameters of least mean squared error, of equal ones the smallest (QR, in the "
           "training driver); for a model whose output is affine in them",
    .settings = {}};

}  // namespace linnet::ir
