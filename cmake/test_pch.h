// The same for tests.
#pragma once
#include <boost/test/unit_test.hpp>

#include "plain_pch.h"
