{# USES_VARIABLES { _synaptic_pre, _synaptic_post, N_incoming, N_outgoing, N, N_pre, N_post } #}
{# WRITES_TO_READ_ONLY_VARIABLES { _synaptic_pre, _synaptic_post, N_incoming, N_outgoing, N } #}
{# Synapses between two whole groups in a known pattern, in blocks or not, made all at once by the host. #}
{% extends 'ordered_common.cu' %}

{% macro _host(name) %}{{device.get_array_name(variables[name], access_data=False, prefix='')}}{% endmacro %}
{% macro _device(name) %}{{device.get_array_name(variables[name], access_data=False, prefix='dev')}}{% endmacro %}

{% block launches %}
    const int _sources = {{owner.source|length}}, _targets = {{owner.target|length}};
    {% if owner.pattern_j %}
    const int _fan_out = 1, _fan_in = 1;
    {% else %}
    const int _fan_out = _targets/{{owner.blocks}}, _fan_in = _sources/{{owner.blocks}};
    {% endif %}
    const size_t _synapses = (size_t)_sources*_fan_out;
    {{_host('N_outgoing')}}.assign(_sources, _fan_out);
    {{_host('N_incoming')}}.assign(_targets, _fan_in);
    {% for variable in owner._registered_variables|sort(attribute='name') %}
    {{device.get_array_name(variable, access_data=False, prefix='')}}.resize({{'1' if variable.name == 'delay' else '_synapses'}});
    {{device.get_array_name(variable, access_data=False, prefix='dev')}}.resize({{'1' if variable.name == 'delay' else '_synapses'}});
    {% endfor %}
    {{_host('_synaptic_pre')}}.resize(_synapses);
    {{_host('_synaptic_post')}}.resize(_synapses);
    for (int _source = 0; _source < _sources; _source++)
        for (int _k = 0; _k < _fan_out; _k++)
        {
            {{_host('_synaptic_pre')}}[(size_t)_source*_fan_out + _k] = _source;
            {{_host('_synaptic_post')}}[(size_t)_source*_fan_out + _k] = _source/_fan_in*_fan_out + _k;
        }
    {{device.get_array_name(variables['N'], access_data=False, prefix='')}}[0] = (int32_t)_synapses;
    {% for name in ('N_outgoing', 'N_incoming', '_synaptic_pre', '_synaptic_post') %}
    {{_device(name)}} = {{_host(name)}};
    {% endfor %}
    CUDA_SAFE_CALL(cudaMemcpy(
        {{_device('N')}}, {{device.get_array_name(variables['N'], access_data=False, prefix='')}}, sizeof(int32_t),
        cudaMemcpyHostToDevice));
{% endblock %}
