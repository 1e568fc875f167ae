// The one place where Boost.JSON's own code is compiled.
// SPDX-License-Identifier: MIT
#include <boost/json/src.hpp>
