{# USES_VARIABLES { N } #}
{# Nothing is done where there is no event; events of all neurons are one loop over them. #}
{% extends 'common_group.cpp' %}

{% macro _loop(declaration) %}
            {% if '_idx' in independent_over and not order_matters %}
            #pragma GCC ivdep
            {% endif %}
            for (int32_t _event = 0; _event < _num_events; _event++)
            {
                const int32_t _idx = {{declaration}};
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
            }
{%- endmacro %}

{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const int32_t* const _events = {{_eventspace}};
    const int32_t _num_events = _events[N];
    if (_num_events > 0)
    {
        // scalar code
        const size_t _vectorisation_idx = -1;
        {{scalar_code|autoindent}}
        {{loads['0']|autoindent}}

        if (_num_events == N)
        {
{{_loop('_event')}}
        }
        else
        {
{{_loop('_events[_event]')}}
        }
    }
{% endblock %}
