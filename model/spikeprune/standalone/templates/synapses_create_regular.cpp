{# USES_VARIABLES { _synaptic_pre, _synaptic_post, N_incoming, N_outgoing, N, N_pre, N_post } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _synaptic_pre, _synaptic_post, N_incoming, N_outgoing, N } #}
{# Synapses between two whole groups in a known pattern, made all at once: in Brian2's own template, lists grow by one
   synapse at a time. #}
{% extends 'common_synapses.cpp' %}

{% block maincode %}
    const int32_t _sources = {{constant_or_scalar('N_pre', variables['N_pre'])}};
    const int32_t _targets = {{constant_or_scalar('N_post', variables['N_post'])}};
    {% set _of_block = '/' ~ owner.blocks if owner.blocks > 1 else '' %}
    const int32_t _fan_out = {{'1' if owner.pattern_j else '_targets' ~ _of_block}}, _fan_in = {{'1' if owner.pattern_j else '_sources' ~ _of_block}};
    const size_t _synapses = (size_t)_sources*_fan_out;
    {{_dynamic_N_outgoing}}.assign(_sources, _fan_out);
    {{_dynamic_N_incoming}}.assign(_targets, _fan_in);
    {% for name in owner._registered_variables | variables_to_array_names(access_data=False) | sort %}
    {{name}}.resize(_synapses);
    {% endfor %}
    {{_dynamic__synaptic_pre}}.resize(_synapses);
    {{_dynamic__synaptic_post}}.resize(_synapses);
    int32_t* const _pre = {{_dynamic__synaptic_pre}}.data();
    int32_t* const _post = {{_dynamic__synaptic_post}}.data();
    for (int32_t _source = 0; _source < _sources; _source++)
        for (int32_t _k = 0; _k < _fan_out; _k++)
        {
            _pre[(size_t)_source*_fan_out + _k] = _source;
            _post[(size_t)_source*_fan_out + _k] = {{'_source' if owner.pattern_j else '_source/_fan_in*_fan_out + _k' if owner.blocks > 1 else '_k'}};
        }
    {{N}} = (int32_t)_synapses;
{% endblock %}
