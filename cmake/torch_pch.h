// The part of LibTorch that the training floors use: tensors, autograd and custom functions, not torch::nn (twice the
// time to compile).
#pragma once
#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/variable.h>

#include "plain_pch.h"
