// Replaces a header of Gloo that PyTorch's wheels do not contain. ProcessGroupGloo.hpp only holds pointers to Gloo's
// objects, so forward declarations are enough to compile against it; no layout of Gloo's is relied on.
#pragma once
