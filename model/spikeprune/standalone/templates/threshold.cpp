{# USES_VARIABLES { N } #}
{# What is the same for all neurons is asked once.  The next part of the condition is evaluated for a block of neurons at
   a time, without branches; of the block, only neurons for which it holds are visited and asked the rest.  #}
{% extends 'common_group.cpp' %}
{% import 'lanes.cpp' as lanes %}

{% macro _make_refractory(neuron) %}
{% if _uses_refractory %}
{{not_refractory}}[{{neuron}}] = false;
{{lastspike}}[{{neuron}}] = {{t}};
{% endif %}
{%- endmacro %}

{% set _eventspace = get_array_name(eventspace_variable) %}

{% block extra_headers %}
{{lanes.headers()}}
{% endblock %}

{% macro _hits(first, number) %}
            int32_t _holds[_lanes]; // -1 or 0, as wide as most of what is compared, which spares the packing of vectors
            {% if not order_matters %}
            #pragma GCC ivdep
            {% endif %}
            for (int32_t _i = 0; _i < {{number}}; _i++)
            {
                const int32_t _idx = {{first}} + _i;
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
                _holds[_i] = -(int32_t)(_cond != 0);
            }
            {% if number != '_lanes' %}
            for (int32_t _i = {{number}}; _i < _lanes; _i++)
                _holds[_i] = 0;
            {% endif %}
            uint32_t _bits = _bits_of_lanes(_holds);
            {% call lanes.each_of_bits(first) %}
                {% if later %}
                const int32_t _idx = _neuron;
                {{later|autoindent}}
                if (!_later)
                    continue;
                {% endif %}
                {{_make_refractory('_neuron')|autoindent}}
                {{_eventspace}}[_count++] = _neuron;
            {% endcall %}
{%- endmacro %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    {{loads['0']|autoindent}}

    int32_t _count = 0;
    {% if same_for_all %}
    {
        {{vector_code|autoindent}}
        if (_cond)
        {
            for (int32_t _idx = 0; _idx < N; _idx++)
            {
                {{_eventspace}}[_idx] = _idx;
                {{_make_refractory('_idx')|autoindent}}
            }
            _count = N;
        }
    }
    {% elif variables['N'].get_value() == 1 %}
    if (_guard)
    {
        const int32_t _idx = 0;
        const size_t _vectorisation_idx = 0;
        {{vector_code|autoindent}}
        if (_cond)
        {
            {{later|autoindent}}
            {{'if (_later)' if later else ''}}
            {
                {{_make_refractory('_idx')|autoindent}}
                {{_eventspace}}[_count++] = _idx;
            }
        }
    }
    {% else %}
    if (_guard)
    {
        const int32_t _lanes = 16, _in_blocks = N / _lanes * _lanes;
        for (int32_t _first = 0; _first < _in_blocks; _first += _lanes)
        {
{{_hits('_first', '_lanes')}}
        }
        if (_in_blocks < N)
        {
{{_hits('_in_blocks', 'N - _in_blocks')}}
        }
    }
    {% endif %}
    {{_eventspace}}[N] = _count;
{% endblock %}

{% block after_code %}
    // the last element holds the number of events
    {{get_array_name(eventspace_variable)}}[N] = 0;
{% endblock %}
