// Stands in for Gloo's own header, which PyTorch's wheels leave out: ProcessGroupGloo.hpp holds Gloo's objects by
// pointer alone, so that their names are all it takes to compile against it. No layout of Gloo's is used.
#pragma once
