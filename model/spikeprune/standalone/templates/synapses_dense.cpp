{# USES_VARIABLES { N_pre, N_post, _synaptic_pre, _synaptic_post } #}
{# Pathway between two whole groups connected all-to-all without delays: synapse i*N_post + j connects i to j.
   The generator leaves the definition of both neuron indices, and what depends on one or both of them, to the loops
   below.  With a condition `_where`, synapses may be left out for which it does not hold. #}
{% extends 'common_synapses.cpp' %}
{% import 'lanes.cpp' as lanes %}

{% macro _body(index, pair='') %}
                {{loads[index]|autoindent}}
                {{(pair or loads['_pair'])|autoindent}}
                const size_t _idx = (size_t)_presynaptic_idx * N_post + _postsynaptic_idx;
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
{%- endmacro %}

{% macro _independent(index) %}
{% if index in independent_over and not order_matters %}
            #pragma GCC ivdep
{% endif %}
{%- endmacro %}

{% macro _loop(index, size) %}
{{_independent(index)}}
            for (int32_t {{index}} = 0; {{index}} < {{size}}; {{index}}++)
            {
{{_body(index)}}
            }
{%- endmacro %}

{% macro _choose(other_index, first, number) %}
                    int32_t _holds[16]{{'' if number == '16' else ' = {0}'}};
                    for (int32_t _i = 0; _i < {{number}}; _i++)
                    {
                        const int32_t {{other_index}} = {{first}} + _i;
                        {{where|autoindent}}
                        _holds[_i] = -(int32_t)(_where != 0);
                    }
                    _number = _append_lanes(_chosen.data(), _number, {{first}}, _bits_of_lanes(_holds));
{%- endmacro %}

{% block extra_headers %}
{% if where %}
#include <vector>
{{lanes.headers()}}
{% endif %}
{% endblock %}

{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {% set _event_index, _other_index, _other_size = ('_presynaptic_idx', '_postsynaptic_idx', 'N_post')
           if pathway.prepost == 'pre' else ('_postsynaptic_idx', '_presynaptic_idx', 'N_pre') %}
    const int32_t* const _events = {{_eventspace}};
    const int32_t _num_events = _events[_num{{eventspace_variable.name}} - 1];
    {% if only_variable is not none %}
    const int32_t* const _only = {{get_array_name(only_variable)}};
    const int32_t _num_only = _only[{{_other_size}}];
    if (_num_events > 0 && _num_only > 0)
    {% else %}
    if (_num_events > 0)
    {% endif %}
    {
        // scalar code
        const size_t _vectorisation_idx = -1;
        {{scalar_code|autoindent}}
        {{loads['0']|autoindent}}

        {% if only_variable is not none and not order_matters %}
        if (_num_only * 8 <= {{_other_size}})
        {
            // few neurons at the other end: one by one
            for (int32_t _k = 0; _k < _num_only; _k++)
            {
                const int32_t {{_other_index}} = _only[_k];
                {{loads[_other_index]|autoindent}}
{{_independent(_event_index)}}
                for (int32_t _event = 0; _event < _num_events; _event++)
                {
                    const int32_t {{_event_index}} = _events[_event];
{{_body(_event_index)}}
                }
            }
        }
        else
        {% endif %}
        {% if pathway.prepost == 'post' and not order_matters %}
        if (_num_events == N_post)
        {
            // an event of all neurons: the whole matrix in the order of memory
            for (int32_t _presynaptic_idx = 0; _presynaptic_idx < N_pre; _presynaptic_idx++)
            {
                {{loads['_presynaptic_idx']|autoindent}}
{{_loop('_postsynaptic_idx', 'N_post')}}
            }
        }
        else
        {% endif %}
        {
            int32_t _event = 0;
            {% if pathway.prepost == 'pre' and _other_index in independent_over and not order_matters %}
            // several rows at a time: what belongs to a postsynaptic neuron is loaded and stored once for all of them
            {% for rows in (4, 2) %}
            for (; _event + {{rows}} <= _num_events; _event += {{rows}})
            {
                {% for row in range(rows) %}
                const int32_t _neuron_{{row}} = _events[_event + {{row}}];
                {% endfor %}
                #pragma GCC ivdep
                for (int32_t {{_other_index}} = 0; {{_other_index}} < {{_other_size}}; {{_other_index}}++)
                {
                    {% for row in range(rows) %}
                    {
                        const int32_t {{_event_index}} = _neuron_{{row}};
                        {{loads[_event_index]|autoindent}}
{{_body(_other_index)}}
                    }
                    {% endfor %}
                }
            }
            {% endfor %}
            {% endif %}
            for (; _event < _num_events; _event++)
            {
                const int32_t {{_event_index}} = _events[_event];
                {{loads[_event_index]|autoindent}}
                {% if where and _other_index in independent_over and not order_matters %}
                {% set _stored %}
                {% for type, name in pairs %}
                const {{type}} {{name}} = _{{name}}_of[_k];
                {% endfor %}
                {% endset %}
                // only synapses for which something is to be done
                static std::vector<int32_t> _chosen({{_other_size}} + 16);
                int32_t _number = 0;
                if (!_guard)
                    continue;
                const int32_t _in_blocks = {{_other_size}} / 16 * 16;
                for (int32_t _first = 0; _first < _in_blocks; _first += 16)
                {
{{_choose(_other_index, '_first', '16')}}
                }
                if (_in_blocks < {{_other_size}})
                {
{{_choose(_other_index, '_in_blocks', _other_size ~ ' - _in_blocks')}}
                }
                const int32_t* const _others = _chosen.data();
                {% if pairs %}
                // what belongs to no synapse is computed first, for many neurons side by side
                {% for type, name in pairs %}
                static std::vector<{{type}}> _all_{{name}}({{_other_size}});
                {{type}}* const _{{name}}_of = _all_{{name}}.data();
                {% endfor %}
                #pragma GCC ivdep
                for (int32_t _k = 0; _k < _number; _k++)
                {
                    const int32_t {{_other_index}} = _others[_k];
                    {{loads[_other_index]|autoindent}}
                    {{loads['_pair']|autoindent}}
                    {% for _, name in pairs %}
                    _{{name}}_of[_k] = {{name}};
                    {% endfor %}
                }
                {% endif %}
                #pragma GCC ivdep
                for (int32_t _k = 0; _k < _number; _k++)
                {
                    const int32_t {{_other_index}} = _others[_k];
{{_body(_other_index, _stored)}}
                }
                {% else %}
{{_loop(_other_index, _other_size)}}
                {% endif %}
            }
        }
    }
{% endblock %}
