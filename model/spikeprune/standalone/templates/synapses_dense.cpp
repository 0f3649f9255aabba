{# USES_VARIABLES { N_pre, N_post, _synaptic_pre, _synaptic_post } #}
{# Pathway between two whole groups connected all-to-all without delays: synapse i*N_post + j connects i to j.
   The generator leaves the definition of both neuron indices, and what depends on one or both of them, to the loops
   below.  With a condition `_where`, synapses may be left out for which it does not hold.  With several blocks, the
   neurons of a block are connected to those of the same block only: their events are taken block by block. #}
{% extends 'common_synapses.cpp' %}
{% import 'lanes.cpp' as lanes %}

{% macro _body(index, pair='') %}
                {{loads[index]|autoindent}}
                {{(pair or loads['_pair'])|autoindent}}
                const size_t _idx = (size_t)_presynaptic_idx * {{'_columns + _postsynaptic_idx - _first_column' if blocks > 1 else 'N_post + _postsynaptic_idx'}};
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
{%- endmacro %}

{% macro _independent(index) %}
{% if index in independent_over and not order_matters %}
            #pragma GCC ivdep
{% endif %}
{%- endmacro %}

{% macro _loop(index, first, end) %}
{{_independent(index)}}
            for (int32_t {{index}} = {{first}}; {{index}} < {{end}}; {{index}}++)
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
    {% set _all = '_all' if blocks > 1 else '' %}
    {% set _first_other, _end_other, _number_of_others = ('_first_other', '_first_other + _others_of_block', '_others_of_block')
           if blocks > 1 else ('0', _other_size, _other_size) %}
    const int32_t* const _events{{_all}} = {{_eventspace}};
    const int32_t _num_events{{_all}} = _events{{_all}}[_num{{eventspace_variable.name}} - 1];
    {% if only_variable is not none %}
    const int32_t* const _only{{_all}} = {{get_array_name(only_variable)}};
    const int32_t _num_only{{_all}} = _only{{_all}}[{{_other_size}}];
    if (_num_events{{_all}} > 0 && _num_only{{_all}} > 0)
    {% else %}
    if (_num_events{{_all}} > 0)
    {% endif %}
    {
        // scalar code
        const size_t _vectorisation_idx = -1;
        {{scalar_code|autoindent}}
        {{loads['0']|autoindent}}

        {% if blocks > 1 %}
        const int32_t _rows = N_pre / {{blocks}}, _columns = N_post / {{blocks}};
        {% set _own_of_block, _others = ('_rows', '_columns') if pathway.prepost == 'pre' else ('_columns', '_rows') %}
        const int32_t _others_of_block = {{_others}};
        int32_t _next_event = 0;
        {{'int32_t _next_only = 0;' if only_variable is not none else ''}}
        while (_next_event < _num_events_all)
        {
        // the events of one block, which follow each other
        const int32_t _block = _events_all[_next_event] / {{_own_of_block}};
        const int32_t _first_other = _block * _others_of_block, _first_column = _block * _columns;
        const int32_t* const _events = _events_all + _next_event;
        int32_t _num_events = 1;
        while (_next_event + _num_events < _num_events_all && _events[_num_events] < (_block + 1) * {{_own_of_block}})
            _num_events++;
        _next_event += _num_events;
        {% if only_variable is not none %}
        while (_next_only < _num_only_all && _only_all[_next_only] < _first_other)
            _next_only++;
        const int32_t* const _only = _only_all + _next_only;
        int32_t _num_only = 0;
        while (_next_only + _num_only < _num_only_all && _only[_num_only] < {{_end_other}})
            _num_only++;
        if (_num_only == 0)
            continue;
        {% endif %}
        {% endif %}
        {% if only_variable is not none and not order_matters %}
        if (_num_only * 8 <= {{_number_of_others}})
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
        if (_num_events == {{'_columns' if blocks > 1 else 'N_post'}})
        {
            // an event of all neurons: the whole matrix in the order of memory
            for (int32_t _presynaptic_idx = {{_first_other}}; _presynaptic_idx < {{_end_other}}; _presynaptic_idx++)
            {
                {{loads['_presynaptic_idx']|autoindent}}
{{_loop('_postsynaptic_idx', '_first_column' if blocks > 1 else '0', '_first_column + _columns' if blocks > 1 else 'N_post')}}
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
                for (int32_t {{_other_index}} = {{_first_other}}; {{_other_index}} < {{_end_other}}; {{_other_index}}++)
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
                static std::vector<int32_t> _chosen({{_number_of_others}} + 16);
                int32_t _number = 0;
                if (!_guard)
                    continue;
                const int32_t _in_blocks = {{_first_other ~ ' + ' if blocks > 1 else ''}}{{_number_of_others}} / 16 * 16;
                for (int32_t _first = {{_first_other}}; _first < _in_blocks; _first += 16)
                {
{{_choose(_other_index, '_first', '16')}}
                }
                if (_in_blocks < {{_end_other}})
                {
{{_choose(_other_index, '_in_blocks', _end_other ~ ' - _in_blocks')}}
                }
                const int32_t* const _others = _chosen.data();
                {% if pairs %}
                // what belongs to no synapse is computed first, for many neurons side by side
                {% for type, name in pairs %}
                static std::vector<{{type}}> _all_{{name}}({{_number_of_others}});
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
{{_loop(_other_index, _first_other, _end_other)}}
                {% endif %}
            }
        }
        {{'}' if blocks > 1 else ''}}
    }
{% endblock %}
