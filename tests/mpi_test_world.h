#pragma once
#include "comm/world.h"

/// The world of a test that runs on several ranks.
const moola::comm::World& test_world();
