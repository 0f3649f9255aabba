{# USES_VARIABLES { N } #}
{# Threshold of neurons that know the time of their next spike: when they start anew, their spikes are worked out ahead,
   for all of them side by side, and entered into a calendar with a list for each step.  At the end of a run, what was
   worked out for later steps is taken back, so that the state can be read and set. #}
{% extends 'common_group.cpp' %}

{% block extra_headers %}
#include <algorithm>
#include <vector>

namespace {

bool _known = false;
int32_t _done = 0; // steps that the calendar has been asked for
std::vector<int32_t> _first; // where the list of each step begins
std::vector<int32_t> _calendar; // neurons by step, then by number
{% for type, array in written %}
std::vector<{{type}}> _start_of{{array}};
{% endfor %}

}

void _take_back_{{codeobj_name}}();
{% endblock %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    {{loads['0']|autoindent}}

    int32_t* const _events = {{get_array_name(eventspace_variable)}};
    const auto* const _next = {{get_array_name(next_variable)}};
    const int32_t _step = (int32_t){{get_array_name(step_variable)}}[0], _last = (int32_t)_end;
    const int32_t _copied = N < 16 ? 0 : 16;

    if (!_known || {{get_array_name(restart_variable)}}[N] > 0)
    {
        static std::vector<int32_t> _waiting, _next_round, _free, _when, _who, _ends, _by_neuron;
        _known = true;
        {% for type, array in written %}
        _start_of{{array}}.assign({{array}}, {{array}} + N);
        {% endfor %}
        _waiting.resize(N);
        _next_round.resize(N);
        _free.assign(N, _step); // first step in which a neuron may fire: once a step at most
        _ends.assign(N, 0);
        _first.assign(_last + 2, 0);
        _when.clear();
        _who.clear();
        int32_t _number = 0;
        for (int32_t _idx = 0; _idx < N; _idx++)
        {
            _waiting[_number] = _idx;
            _number += _next[_idx] < _last && _step < _last;
        }
        while (_number > 0)
        {
            // Those that do not fill the lanes wait for the next round, until there are no others.
            const int32_t _chosen = _number < 16 ? _number : _number / 16 * 16;
            const size_t _spikes = _when.size();
            _when.resize(_spikes + _chosen);
            _who.resize(_spikes + _chosen);
            const int32_t* const _neurons = _waiting.data();
            for (int32_t _k = 0; _k < _chosen; _k++)
            {
                const int32_t _idx = _neurons[_k];
                const int32_t _at = std::max((int32_t)std::floor(_next[_idx]), _free[_idx]);
                _when[_spikes + _k] = _at;
                _who[_spikes + _k] = _idx;
                _free[_idx] = _at + 1;
                _ends[_idx]++;
                _first[_at + 2]++;
            }
            {% if '_idx' in independent_over and not order_matters %}
            #pragma GCC ivdep
            {% endif %}
            for (int32_t _k = 0; _k < _chosen; _k++)
            {
                const int32_t _idx = _neurons[_k];
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
            }
            // These come first in the next round.
            int32_t _remaining = 0;
            for (int32_t _k = _chosen; _k < _number; _k++)
                _next_round[_remaining++] = _waiting[_k];
            for (int32_t _k = 0; _k < _chosen; _k++)
            {
                const int32_t _idx = _waiting[_k];
                _next_round[_remaining] = _idx;
                _remaining += _next[_idx] < _last && _free[_idx] < _last;
            }
            _waiting.swap(_next_round);
            _number = _remaining;
        }

        // from numbers of spikes to places: by neuron first, then by step, where neurons keep their order
        for (int32_t _idx = 0, _sum = 0; _idx < N; _idx++)
        {
            const int32_t _spikes = _ends[_idx];
            _ends[_idx] = _sum;
            _sum += _spikes;
        }
        for (int32_t _s = 2; _s < _last + 2; _s++)
            _first[_s] += _first[_s - 1];
        _by_neuron.resize(_when.size());
        _calendar.resize(_when.size() + _copied);
        for (size_t _k = 0; _k < _when.size(); _k++)
            _by_neuron[_ends[_who[_k]]++] = _when[_k];
        for (int32_t _idx = 0, _k = 0; _idx < N; _idx++)
            for (; _k < _ends[_idx]; _k++)
                _calendar[_first[_by_neuron[_k] + 1]++] = _idx;
    }

    int32_t _count = 0;
    if (_step < _last)
    {
        const int32_t* const _due = _calendar.data() + _first[_step];
        _count = _first[_step + 1] - _first[_step];
        // a fixed number, which takes no loop
        for (int32_t _k = 0; _k < _copied; _k++)
            _events[_k] = _due[_k];
        for (int32_t _k = _copied; _k < _count; _k++)
            _events[_k] = _due[_k];
    }
    _events[N] = _count;
    _done = _step + 1;
{% endblock %}

{% block extra_functions_cpp %}
void _take_back_{{codeobj_name}}()
{
    using namespace brian;
    %CONSTANTS%
    {{pointers_lines|autoindent}}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    {{loads['0']|autoindent}}

    if (_known && _done < (int32_t)_end)
    {
        {% for type, array in written %}
        std::copy(_start_of{{array}}.begin(), _start_of{{array}}.end(), {{array}});
        {% endfor %}
        for (int32_t _k = 0; _k < _first[_done]; _k++)
        {
            const int32_t _idx = _calendar[_k];
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
        }
    }
    _known = false;
}
{% endblock %}

{% block after_code %}
    extern void _take_back_{{codeobj_name}}();
    _take_back_{{codeobj_name}}();
    // the last element holds the number of events
    {{get_array_name(eventspace_variable)}}[N] = 0;
{% endblock %}
