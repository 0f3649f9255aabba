{# USES_VARIABLES { N } #}
{# The condition is evaluated for a block of neurons at a time, without branches; only blocks in which it holds for
   some neuron are searched.  A condition on scalars alone is evaluated once. #}
{% extends 'common_group.cpp' %}

{% macro _make_refractory(neuron) %}
{% if _uses_refractory %}
{{not_refractory}}[{{neuron}}] = false;
{{lastspike}}[{{neuron}}] = {{t}};
{% endif %}
{%- endmacro %}

{% set _eventspace = get_array_name(eventspace_variable) %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

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
    {% else %}
    const int32_t _block = 64;
    int32_t _holds[_block]; // as wide as most of what is compared, which spares the packing of vectors
    for (int32_t _start = 0; _start < N; _start += _block)
    {
        const int32_t _length = N - _start < _block ? N - _start : _block;
        int32_t _any = 0;
        {% if not order_matters %}
        #pragma GCC ivdep
        {% endif %}
        for (int32_t _i = 0; _i < _length; _i++)
        {
            const int32_t _idx = _start + _i;
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            _holds[_i] = _cond != 0;
            _any |= _holds[_i];
        }
        if (!_any)
            continue;
        for (int32_t _i = 0; _i < _length; _i++)
        {
            {% if _uses_refractory %}
            if (_holds[_i])
            {
                {{_make_refractory('_start + _i')|autoindent}}
            }
            {% endif %}
            // without a branch, which would be mispredicted: an entry that does not count is overwritten by the next
            {{_eventspace}}[_count] = _start + _i;
            _count += _holds[_i];
        }
    }
    {% endif %}
    {{_eventspace}}[N] = _count;
{% endblock %}

{% block after_code %}
    // the last element holds the number of events
    {{get_array_name(eventspace_variable)}}[N] = 0;
{% endblock %}
