// Nothing of its own: it is compiled for the precompiled header that it is given.
