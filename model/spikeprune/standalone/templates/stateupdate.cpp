{# USES_VARIABLES { N } #}
{# ALLOWS_SCALAR_WRITE #}
{# With a condition `_awake`, blocks of neurons are left out where it holds for none of them.  With an event space, the
   code ends with the condition of the event: a block is asked for events while its variables are in registers.  Several
   networks side by side have blocks of their own, so that which neurons are left out depends on no other network. #}
{% extends 'common_group.cpp' %}
{% import 'lanes.cpp' as lanes %}

{% set _finds_events = eventspace_variable is defined %}
{% set _by_blocks = (awake or _finds_events) and not order_matters %}
{% set _networks = blocks if blocks is defined else 1 %}
{% set _end = '_end' if _networks > 1 else '_N' %}

{% macro _update(first, end) %}
    {% if '_idx' in independent_over and not order_matters %}
    #pragma GCC ivdep
    {% endif %}
    for (int _idx = {{first}}; _idx < {{end}}; _idx++)
    {
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
        {% if _finds_events and _by_blocks %}
        _holds[_idx - _start] = -(int32_t)(_cond != 0);
        {% elif _finds_events %}
        if (!_cond)
            continue;
        {{_note_event('_idx')|autoindent}}
        {% endif %}
    }
{%- endmacro %}

{% macro _note_event(neuron) %}
        {% if later %}
        {
            const int32_t _idx = {{neuron}};
            {{later|autoindent}}
            if (!_later)
                continue;
        }
        {% endif %}
        {{get_array_name(eventspace_variable)}}[_count++] = {{neuron}};
{%- endmacro %}

{% macro _block(end) %}
        {% if awake %}
        {
            int32_t _holds[_lanes];
            for (int _i = 0; _i < _lanes; _i++)
            {
                const int _idx = _start + _i;
                {{awake|autoindent}}
                _holds[_i] = -(int32_t)(_awake != 0);
            }
            if (!_bits_of_lanes(_holds))
                continue;
        }
        {% endif %}
{{_update('_start', end)}}
{%- endmacro %}

{% macro _ask_block() %}
        {% if _finds_events %}
        uint32_t _bits = _bits_of_lanes(_holds);
        {% call lanes.each_of_bits('_start') %}
{{_note_event('_neuron')}}
        {% endcall %}
        {% endif %}
{%- endmacro %}

{% block extra_headers %}
{{lanes.headers() if _by_blocks else ''}}
{% endblock %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    {{loads['0']|autoindent}}

    const int _N = {{constant_or_scalar('N', variables['N'])}};
    {% if _finds_events %}
    int32_t _count = 0;
    {% endif %}
    {% if _by_blocks %}
    const int _lanes = 16;
    {% if _networks > 1 %}
    for (int _end = _N/{{_networks}}; _end <= _N; _end += _N/{{_networks}})
    {
    int _start = _end - _N/{{_networks}};
    {% else %}
    int _start = 0;
    {% endif %}
    for (; _start + _lanes <= {{_end}}; _start += _lanes)
    {
        {% if _finds_events %}
        int32_t _holds[_lanes];
        {% endif %}
{{_block('_start + _lanes')}}
{{_ask_block()}}
    }
    if (_start < {{_end}})
    {
        {% if _finds_events %}
        int32_t _holds[_lanes] = {0};
        {% endif %}
{{_update('_start', _end)}}
{{_ask_block()}}
    }
    {{'}' if _networks > 1 else ''}}
    {% else %}
{{_update('0', '_N')}}
    {% endif %}
    {% if _finds_events %}
    {{get_array_name(eventspace_variable)}}[_N] = _count;
    {% endif %}
{% endblock %}

{% block after_code %}
    {% if eventspace_variable is defined %}
    // the last element holds the number of events
    {{get_array_name(eventspace_variable)}}[{{constant_or_scalar('N', variables['N'])}}] = 0;
    {% else %}
    // EMPTY_CODE_BLOCK: Brian2 leaves out files with this remark
    {% endif %}
{% endblock %}
