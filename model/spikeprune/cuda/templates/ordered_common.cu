{# The frame of every code object: definitions in a namespace of their own, and a function of the host that launches
   kernels.  Children fill `kernels` and `launches`. #}
{% macro cu_file() %}

namespace code_of_{{codeobj_name}} {

using namespace brian;

static int32_t _host_poisson(double, int32_t) { return 0; } // named by brian2cuda's poisson(), never called

{{support_code_lines|autoindent}}
{{hashdefine_lines|autoindent}}

{% block kernels %}
{% endblock %}

{% block state %}
{% endblock %}

} // namespace

void _run_{{codeobj_name}}()
{
    using namespace brian;
    using namespace code_of_{{codeobj_name}};
    {% if phase is not none %}
    if ({{timestep}}[0] % {{period}} != {{phase}}) // else nothing can have happened
        return;
    {% endif %}
    {% block launches %}
    {% endblock %}
    CUDA_CHECK_ERROR("{{codeobj_name}}");
}

{% block finish %}
{% endblock %}
{% endmacro %}

{% macro h_file() %}
#ifndef _INCLUDED_{{codeobj_name}}
#define _INCLUDED_{{codeobj_name}}
void _run_{{codeobj_name}}();
{% block declarations %}
{% endblock %}
#endif
{% endmacro %}

{% macro before_run_cu_file() %}
// EMPTY_CODE_BLOCK
{% endmacro %}
{% macro before_run_h_file() %}
{% endmacro %}
{% macro after_run_cu_file() %}
// EMPTY_CODE_BLOCK
{% endmacro %}
{% macro after_run_h_file() %}
{% endmacro %}
