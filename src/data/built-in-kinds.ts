/** Registers every kind of dataset that comes with the package, for threads that open datasets by their description. */

import './ade20k/dataset.js';
import './cityscapes/dataset.js';
import './folder-dataset.js';
