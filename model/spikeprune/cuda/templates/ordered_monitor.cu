{# USES_VARIABLES { N, count, _source_start, _source_stop } #}
{# WRITES_TO_READ_ONLY_VARIABLES { N, count } #}
{# Events are recorded in device memory, which grows before it can be full; the host asks for the number of recorded
   events only where that many time steps might have filled it, and at the end. #}
{% extends 'ordered_common.cu' %}

{% set _recorded_variables = record_variables|dictsort if record else [] %}

{% block kernels %}
__global__ void kernel_{{codeobj_name}}(const int32_t* _events, const int _last, int* _recorded, %KERNEL_PARAMETERS%)
{
    %KERNEL_CONSTANTS%
    {{kernel_lines|autoindent}}
    {{scalar_code|autoindent}}
    // Events are in ascending order, so those of a part of the neurons follow each other.
    const int _first = ordered::place(_events, _events[_last], _source_start);
    const int _number = ordered::place(_events, _events[_last], _source_stop) - _first;
    const int _before = *_recorded;
    __syncthreads();
    for (int _k = threadIdx.x; _k < _number; _k += blockDim.x)
    {
        const int _idx = _events[_first + _k];
        const int _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
        {% for name, variable in _recorded_variables %}
        {{get_array_name(variable)}}[_before + _k] = _to_record_{{name}};
        {% endfor %}
        {{get_array_name(variables['count'])}}[_idx - _source_start]++;
    }
    if (threadIdx.x == 0)
        *_recorded = _before + _number;
}
{% endblock %}

{% block state %}
static ordered::Recorder& _recorder = ordered::lasting<ordered::Recorder>("{{lasting}}");
{% if _recorded_variables %}

// Returns whether the arrays are where they have been.
static bool _make_room()
{
    const int _room = _recorder.room_for({{eventspace_variable.size - 1}}, {{device.room|join(', ')}});
    if (_room <= {{get_array_name(_recorded_variables[0][1], access_data=False, prefix='dev')}}.size())
        return true;
    {% for name, variable in _recorded_variables %}
    {{get_array_name(variable, access_data=False, prefix='dev')}}.resize(_room);
    {% endfor %}
    return false;
}
{% endif %}
{% endblock %}

{% block launches %}
    const int _last = {{eventspace_variable.size - 1}};
    {% if _recorded_variables %}
    ordered::step.prepare(_make_room);
    {% endif %}
    %HOST_CONSTANTS%
    kernel_{{codeobj_name}}<<<1, ordered::threads_for(_last), 0, ordered::launch()>>>(
        {{device.get_array_name(eventspace_variable, prefix='dev')}}[0], _last, _recorder.number(), %HOST_PARAMETERS%);
{% endblock %}

{% block finish %}
void _debugmsg_{{codeobj_name}}()
{
    using namespace brian;
    using namespace code_of_{{codeobj_name}};
    const int _number = _recorder.ask();
    {{get_array_name(variables['N'], access_data=False, prefix='')}}[0] = _number;
    {% for name, variable in _recorded_variables %}
    {{get_array_name(variable, access_data=False, prefix='dev')}}.resize(_number);
    {% endfor %}
}
{% endblock %}

{% block declarations %}
void _debugmsg_{{codeobj_name}}();
{% endblock %}

{% macro main_finalise() %}
_debugmsg_{{codeobj_name}}();
{% endmacro %}
