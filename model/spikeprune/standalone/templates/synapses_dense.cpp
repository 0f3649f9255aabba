{# USES_VARIABLES { N_pre, N_post, _synaptic_pre, _synaptic_post } #}
{# Pathway between two whole groups connected all-to-all without delays: synapse i*N_post + j connects i to j.
   The generator leaves the definition of both neuron indices to the loops below. #}
{% extends 'common_synapses.cpp' %}

{% macro _loop(index, size) %}
{% if index in independent_over and not order_matters %}
            #pragma GCC ivdep
{% endif %}
            for (int32_t {{index}} = 0; {{index}} < {{size}}; {{index}}++)
            {
                const size_t _idx = (size_t)_presynaptic_idx * N_post + _postsynaptic_idx;
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
            }
{%- endmacro %}

{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const int32_t* const _events = {{_eventspace}};
    const int32_t _num_events = _events[_num{{eventspace_variable.name}} - 1];
    if (_num_events > 0)
    {
        // scalar code
        const size_t _vectorisation_idx = -1;
        {{scalar_code|autoindent}}

        {% if pathway.prepost == 'pre' %}
        for (int32_t _event = 0; _event < _num_events; _event++)
        {
            const int32_t _presynaptic_idx = _events[_event];
{{_loop('_postsynaptic_idx', 'N_post')}}
        }
        {% else %}
        {% if not order_matters %}
        if (_num_events == N_post)
        {
            // an event of all neurons: the whole matrix in the order of memory
            for (int32_t _presynaptic_idx = 0; _presynaptic_idx < N_pre; _presynaptic_idx++)
            {
{{_loop('_postsynaptic_idx', 'N_post')}}
            }
        }
        else
        {% endif %}
        for (int32_t _event = 0; _event < _num_events; _event++)
        {
            const int32_t _postsynaptic_idx = _events[_event];
{{_loop('_presynaptic_idx', 'N_pre')}}
        }
        {% endif %}
    }
{% endblock %}
