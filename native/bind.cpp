// The Python bindings: addresses of contiguous arrays, and sizes. kernels/ checks them first.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "cpu.h"

namespace nb = nanobind;
using namespace elman;
using namespace nb::literals;

namespace {

typedef uintptr_t Address;  // of the first element of an array; 0: none

template <class E>
E* at(Address address) {
  return reinterpret_cast<E*>(address);
}

Sequence sequence(Cell cell, Precision precision, int64_t time, int64_t rows, int64_t units,
                  Address lengths, int threads, Address positions) {
  return {cell,  precision, time, rows, units, at<const int64_t>(lengths), threads,
          at<const int64_t>(positions)};
}

Diagonal diagonal(Precision precision, int64_t time, int64_t rows, int64_t units, Address lengths,
                  int threads) {
  return {precision, time, rows, units, at<const int64_t>(lengths), threads};
}

void sequence_forward(const Sequence& shape, Address inputs, Address weight, Address bias,
                      Address h, Address c, Address outputs, Address saved, Address after_h,
                      Address after_c) {
  nb::gil_scoped_release release;
  core().sequence_forward(
      shape, {at<const void>(inputs), at<const void>(weight), at<const float>(bias),
              {at<const float>(h), at<const float>(c)}, at<void>(outputs), at<void>(saved),
              {at<float>(after_h), at<float>(after_c)}});
}

void sequence_backward(const Sequence& shape, Address outputs, Address saved, Address weight,
                       Address h, Address c, Address to_outputs, Address to_after_h,
                       Address to_after_c, Address to_gates, Address to_bias, Address to_h,
                       Address to_c) {
  nb::gil_scoped_release release;
  core().sequence_backward(
      shape, {at<const void>(outputs), at<const void>(saved), at<const void>(weight),
              {at<const float>(h), at<const float>(c)}, at<const void>(to_outputs),
              {at<const float>(to_after_h), at<const float>(to_after_c)}, at<void>(to_gates),
              at<float>(to_bias), {at<float>(to_h), at<float>(to_c)}});
}

void diagonal_forward(const Diagonal& shape, Address packed, Address h, Address outputs,
                      Address after) {
  nb::gil_scoped_release release;
  core().diagonal_forward(shape, {at<const void>(packed), at<const float>(h), at<void>(outputs),
                                  at<float>(after)});
}

void diagonal_backward(const Diagonal& shape, Address packed, Address outputs, Address h,
                       Address to_outputs, Address to_after, Address to_packed, Address to_h) {
  nb::gil_scoped_release release;
  core().diagonal_backward(
      shape, {at<const void>(packed), at<const void>(outputs), at<const float>(h),
              at<const void>(to_outputs), at<const float>(to_after), at<void>(to_packed),
              at<float>(to_h)});
}

template <class Args>
using Pass = void (*Core::*)(const RowShape&, const Args&);

template <class Args>
void pass(Pass<Args> which, const RowShape& shape, const Args& args) {
  nb::gil_scoped_release release;
  (core().*which)(shape, args);
}

void bind_fused_operations(nb::module_& module) {
  nb::class_<RowShape>(module, "RowShape");
  module.def("row_shape", [](Precision precision, int64_t rows, int64_t width, int threads) {
    return RowShape{precision, rows, width, threads};
  });
  module.def("norm_forward", [](const RowShape& shape, Address x, Address weight, float epsilon,
                                Address y, Address scale) {
    pass<NormArgs>(&Core::norm_forward, shape, {at<const float>(x), at<const float>(weight), epsilon,
                                            at<void>(y), at<float>(scale), nullptr, nullptr, nullptr});
  });
  module.def("norm_backward", [](const RowShape& shape, Address x, Address weight, Address scale,
                                 Address to_y, Address to_x, Address to_weight) {
    pass<NormArgs>(&Core::norm_backward, shape,
               {at<const float>(x), at<const float>(weight), 0, nullptr, at<float>(scale),
                at<const void>(to_y), at<float>(to_x), at<float>(to_weight)});
  });
  module.def("gate_forward", [](const RowShape& shape, Address gate, Address value, Address y) {
    pass<GateArgs>(&Core::gate_forward, shape, {at<const void>(gate), at<const void>(value),
                                            at<void>(y), nullptr, nullptr, nullptr});
  });
  module.def("gate_backward", [](const RowShape& shape, Address gate, Address value, Address to_y,
                                 Address to_gate, Address to_value) {
    pass<GateArgs>(&Core::gate_backward, shape,
               {at<const void>(gate), at<const void>(value), nullptr, at<const void>(to_y),
                at<void>(to_gate), at<void>(to_value)});
  });
  module.def("convolution_forward", [](const RowShape& shape, int64_t batch, int64_t taps,
                                       Address inputs, Address weight, Address bias, Address y) {
    pass<ConvolutionArgs>(&Core::convolution_forward, shape,
                      {batch, taps, at<const void>(inputs), at<const float>(weight),
                       at<const float>(bias), at<void>(y), nullptr, nullptr, nullptr});
  });
  module.def("convolution_backward", [](const RowShape& shape, int64_t batch, int64_t taps,
                                        Address inputs, Address weight, Address to_y,
                                        Address to_inputs, Address to_weight) {
    pass<ConvolutionArgs>(&Core::convolution_backward, shape,
                      {batch, taps, at<const void>(inputs), at<const float>(weight), nullptr,
                       nullptr, at<const void>(to_y), at<void>(to_inputs), at<float>(to_weight)});
  });
  module.def("join_forward", [](const RowShape& shape, int64_t batch, Address x, Address y,
                                Address mask, Address sum) {
    pass<JoinArgs>(&Core::join_forward, shape, {batch, at<const float>(x), at<const void>(y),
                                            at<const float>(mask), at<float>(sum), nullptr, nullptr});
  });
  module.def("join_backward", [](const RowShape& shape, int64_t batch, Address mask, Address to_sum,
                                 Address to_y) {
    pass<JoinArgs>(&Core::join_backward, shape, {batch, nullptr, nullptr, at<const float>(mask),
                                             nullptr, at<const float>(to_sum), at<void>(to_y)});
  });
}

void run(Program& program, int64_t rows, const std::vector<Address>& outers, int threads) {
  nb::gil_scoped_release release;
  program.run(rows, outers.data(), threads);
}

// (carries a state, operations) of a group, and (before, after) of a state.
typedef std::tuple<bool, std::vector<int>> GroupFields;
typedef std::tuple<int, int> StateFields;

Schedule schedule(const std::vector<GroupFields>& groups, const std::vector<StateFields>& states) {
  Schedule made;
  for (const auto& [carries_state, operations] : groups)
    made.groups.push_back({carries_state, operations});
  for (const auto& [before, after] : states) made.states.emplace_back(before, after);
  return made;
}

void run_over_time(Program& program, const std::vector<int64_t>& rows_at, const Schedule& schedule,
                   const std::vector<Address>& outers) {
  nb::gil_scoped_release release;
  program.run_over_time(static_cast<int64_t>(rows_at.size()), rows_at.data(), schedule,
                        outers.data());
}

// (home, integer, slot, single, vector, number) and (element, out, operands), as core.h has them.
typedef std::tuple<Register::Home, bool, int, bool, Address, double> RegisterFields;
typedef std::tuple<Element, int, std::vector<int>> InstructionFields;

void elementwise(Program& program, int64_t width, const std::vector<RegisterFields>& registers,
                 const std::vector<InstructionFields>& instructions) {
  std::vector<Register> found;
  for (const auto& [home, integer, slot, single, vector, number] : registers)
    found.push_back({home, integer, slot, single, at<const void>(vector), number});
  std::vector<Instruction> made;
  for (const auto& [element, out, operands] : instructions) {
    made.push_back({element, out, {0, 0, 0}});
    std::copy(operands.begin(), operands.end(), made.back().operands);
  }
  program.elementwise(width, found, made);
}

void mix(Program& program, int tokens, int logits, int before, int after, int out,
         int64_t vocabulary, Address unigrams,
         const std::vector<std::tuple<Address, Address, Address, Address>>& orders,
         const std::vector<float>& gate_bias, float gate_mass, float gate_entropy) {
  NGrams ngrams{vocabulary, at<const float>(unigrams), {}, gate_bias, gate_mass, gate_entropy};
  for (const auto& [tokens_, shares, starts, lower_mass] : orders)
    ngrams.orders.push_back({at<const int32_t>(tokens_), at<const float>(shares),
                             at<const int64_t>(starts), at<const float>(lower_mass)});
  program.mix(tokens, logits, before, after, out, ngrams);
}

void bind_program(nb::module_& module) {
  nb::enum_<Register::Home>(module, "Home")
      .value("slot", Register::Home::slot)
      .value("vector", Register::Home::vector)
      .value("number", Register::Home::number)
      .value("temporary", Register::Home::temporary);
  nb::enum_<Element> elements(module, "Element");
  const std::pair<const char*, Element> names[] = {
      {"add", Element::add}, {"sub", Element::sub}, {"mul", Element::mul},
      {"multiply_add", Element::multiply_add}, {"div", Element::div},
      {"remainder", Element::remainder}, {"maximum", Element::maximum},
      {"minimum", Element::minimum}, {"where", Element::where}, {"neg", Element::neg},
      {"abs", Element::abs}, {"sigmoid", Element::sigmoid}, {"tanh", Element::tanh},
      {"relu", Element::relu}, {"exp", Element::exp}, {"log", Element::log},
      {"sqrt", Element::sqrt}, {"less", Element::less}, {"less_equal", Element::less_equal},
      {"equal", Element::equal}, {"and", Element::logical_and}, {"or", Element::logical_or},
      {"not", Element::logical_not}, {"to_float", Element::to_float},
      {"to_integer", Element::to_integer}, {"copy", Element::copy}};
  for (const auto& [name, element] : names) elements.value(name, element);
  nb::class_<Schedule>(module, "Schedule");
  module.def("schedule", schedule);
  nb::class_<Program>(module, "Program")
      .def("outer", &Program::outer)
      .def("inner", &Program::inner)
      .def("view", &Program::view)
      .def("embed", [](Program& self, int tokens, int out, Address table, int64_t vocabulary,
                       int64_t width, float scale) {
        self.embed(tokens, out, at<const float>(table), vocabulary, width, scale);
      })
      .def("rms_norm", [](Program& self, int in, int out, Address weight, int64_t width,
                          float epsilon) {
        self.rms_norm(in, out, at<const float>(weight), width, epsilon);
      })
      .def("convolution", [](Program& self, int in, int recent, int out, int following,
                             Address weight, Address bias, int64_t taps, int64_t width) {
        self.convolution(in, recent, out, following, at<const float>(weight),
                         at<const float>(bias), taps, width);
      })
      .def("linear", [](Program& self, Precision precision, int in, int out, bool adds,
                        Address weight, Address bias, int64_t depth, int64_t outputs) {
        self.linear(precision, in, out, adds, at<const float>(weight), at<const float>(bias), depth,
                    outputs);
      })
      .def("silu_gate", &Program::silu_gate)
      .def("add", &Program::add)
      .def("log_softmax", &Program::log_softmax)
      .def("attention", [](Program& self, int query, int keys, int values, int mask, int sizes,
                           int out, int64_t heads, int64_t width, Address score) {
        self.attention(query, {keys, values, mask, sizes}, out, heads, width,
                       at<const float>(score));
      })
      .def("lstm", &Program::lstm)
      .def("gru", &Program::gru)
      .def("mingru", &Program::mingru)
      .def("clockwork", &Program::clockwork)
      .def("mix", mix)
      .def("token_score", &Program::token_score)
      .def("copy", &Program::copy)
      .def("sum", &Program::sum)
      .def("elementwise", elementwise)
      .def("run", run)
      .def("run_over_time", run_over_time);
}

}  // namespace

NB_MODULE(_core, module) {
  nb::set_leak_warnings(false);  // a model may keep its program until the process ends
  nb::enum_<Precision>(module, "Precision")
      .value("float32", Precision::float32)
      .value("bfloat16", Precision::bfloat16)
      .value("int8", Precision::int8);
  nb::enum_<Cell>(module, "Cell")
      .value("elman", Cell::elman)
      .value("elman_relu", Cell::elman_relu)
      .value("gru", Cell::gru)
      .value("lstm", Cell::lstm);
  nb::class_<Sequence>(module, "Sequence");
  nb::class_<Diagonal>(module, "Diagonal");
  module.def("sequence", sequence);
  module.def("diagonal", diagonal);
  module.def("gates_of", gates_of);
  module.def("saved_of", saved_of);
  module.def("gate_gradients_of", gate_gradients_of);
  module.def("sequence_forward", sequence_forward);
  module.def("sequence_backward", sequence_backward);
  module.def("diagonal_forward", diagonal_forward);
  module.def("diagonal_backward", diagonal_backward);
  bind_fused_operations(module);
  bind_program(module);
  module.def("program", [] { return core().program(); }, nb::rv_policy::take_ownership);
  module.def("instruction_sets", instruction_sets);
  module.def("use", use, "name"_a);
  module.def("used", used);
}
