{# USES_VARIABLES { t, dt } #}
{# Runs Brian2's own code and the one that a promise has shortened, each from the same state, and stops the program where
   their results differ.  The state afterwards is that of Brian2's own code. #}
{% extends 'common_group.cpp' %}

{% block extra_headers %}
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <vector>

void _run_{{theirs}}();
void _run_{{ours}}();

namespace {

template <typename T> bool _differ(const T ours, const T theirs, const T before)
{
    if (ours == theirs || (ours != ours && theirs != theirs))
        return false;
    const double scale = std::fmax(std::fabs((double)before), std::fmax(std::fabs((double)ours), std::fabs((double)theirs)));
    return !(std::fabs((double)ours - (double)theirs) <= {{tolerance}}*scale);
}

}
{% endblock %}

{# Not the pointer that the compiler may take for the only way to the array: two functions change it. #}
{% macro _array(name) %}{{get_array_name(variables[name])|replace('_ptr_', '_', 1)}}{% endmacro %}

{% block maincode %}
    {% for name in changed %}
    {% set type, array = c_data_type(variables[name].dtype), _array(name) %}
    static std::vector<{{type}}> _before_{{name}}, _theirs_{{name}};
    _before_{{name}}.assign({{array}}, {{array}} + _num{{name}});
    {% endfor %}
    const auto _generators = _random_generators;
    _run_{{theirs}}();
    {% for name in changed %}
    {% set array = _array(name) %}
    _theirs_{{name}}.assign({{array}}, {{array}} + _num{{name}});
    std::copy(_before_{{name}}.begin(), _before_{{name}}.end(), {{array}});
    {% endfor %}
    _random_generators = _generators;
    _run_{{ours}}();

    std::ostringstream _sentence;
    _sentence.precision(9);
    {% for name, label in changed.items() %}
    {% set array = _array(name) %}
    for (size_t _k = 0; _k < _num{{name}} && _sentence.str().empty(); _k++)
    {
        {% if name in spaces %}
        const size_t _theirs = _theirs_{{name}}[_num{{name}} - 1], _ours = {{array}}[_num{{name}} - 1];
        if (_k >= _theirs && _k >= _ours)
            break;
        if (_k < _theirs && _k < _ours && _theirs_{{name}}[_k] == {{array}}[_k])
            continue;
        const bool _missed = _k >= _ours || (_k < _theirs && _theirs_{{name}}[_k] < {{array}}[_k]);
        _sentence << "the {{label}} of neuron " << (_missed ? _theirs_{{name}}[_k] : {{array}}[_k])
            << (_missed ? " is missed" : " occurs where it does not in Brian2's own code");
        {% else %}
        if (_differ({{array}}[_k], _theirs_{{name}}[_k], _before_{{name}}[_k]))
            _sentence << "'{{label}}' number " << _k << " becomes " << +_theirs_{{name}}[_k]
                << " in Brian2's own code and " << +{{array}}[_k] << " in the shortened one";
        {% endif %}
    }
    std::copy(_theirs_{{name}}.begin(), _theirs_{{name}}.end(), {{array}});
    {% endfor %}
    if (!_sentence.str().empty())
    {
        std::ostringstream _report;
        _report << "{{promise}} does not hold: in time step " << (long)std::floor({{t}}/{{dt}} + 0.5) << " (t = "
            << {{t}}*1e3 << " ms), " << _sentence.str() << ".";
        std::cerr << _report.str() << std::endl;
        std::ofstream(results_dir + "{{report}}") << _report.str();
        std::exit(1);
    }
{% endblock %}
