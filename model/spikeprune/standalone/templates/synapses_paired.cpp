{# USES_VARIABLES { N_pre, N_post, _synaptic_pre, _synaptic_post } #}
{# Pathway between the neurons of the same number in two groups: synapse i connects i to i. #}
{% extends 'common_synapses.cpp' %}

{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const int32_t* const _events = {{_eventspace}};
    const int32_t _num_events = _events[_num{{eventspace_variable.name}} - 1];
    if (_num_events > 0)
    {
        // scalar code
        const size_t _vectorisation_idx = -1;
        {{scalar_code|autoindent}}

        for (int32_t _event = 0; _event < _num_events; _event++)
        {
            const int32_t _idx = _events[_event];
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
        }
    }
{% endblock %}
