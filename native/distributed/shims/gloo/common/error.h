// Replaces a header of Gloo; see ../algorithm.h.
#pragma once
