// Launches: the threads of a block are fibres, which wait for each other at barriers, in an order that can be chosen.
//   STANDIN_ORDER=forward|reverse|random:SEED   order of the blocks of a launch and the threads of a block
//   STANDIN_LAZY=1                              launches run at the next synchronisation, as on a GPU
//   STANDIN_REPORT=FILE                         lines of counts and, in programs with the detector, races
#include "runtime.h"
#include <random>
#include <sys/mman.h>

namespace standin {

Coordinates here;
bool in_kernel = false;
const char* kernel = "";
unsigned launch_number = 0, block_number = 0, thread_number = 0, barriers = 0;
std::map<std::string, long>& counts = *new std::map<std::string, long>;

std::string option(const char* name, const char* standard)
{
    const char* value = getenv(name);
    return value ? value : standard;
}

int max_threads() { return 1024; }

static std::mt19937_64 generator;
static enum { FORWARD, REVERSE, RANDOM } order = [] {
    const std::string chosen = option("STANDIN_ORDER", "forward");
    if (chosen.rfind("random:", 0) == 0) { generator.seed(atoll(chosen.c_str() + 7)); return RANDOM; }
    if (chosen == "reverse") return REVERSE;
    if (chosen != "forward") { fprintf(stderr, "stand-in: STANDIN_ORDER=%s\n", chosen.c_str()); exit(2); }
    return FORWARD;
}();
template <class T> static void arrange(std::vector<T>& values)
{
    if (order == REVERSE) std::reverse(values.begin(), values.end());
    if (order == RANDOM) std::shuffle(values.begin(), values.end(), generator);
}

// ---- fibres
#if !defined(__x86_64__)
#error "the stand-in switches between fibres with instructions of x86-64"
#endif
extern "C" void standin_switch(void** save, void* load);
asm(".globl standin_switch\nstandin_switch:\n"
    "push %rbp\npush %rbx\npush %r12\npush %r13\npush %r14\npush %r15\n"
    "mov %rsp,(%rdi)\nmov %rsi,%rsp\n"
    "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbx\npop %rbp\nret\n");

struct Fibre { void* stack_pointer; Coordinates at; unsigned number; bool done; };
static const size_t STACK = 256*1024;
static void* scheduler;
static Fibre* running;
static std::vector<Fibre*>& idle = *new std::vector<Fibre*>;
static const std::function<void()>* body;

static void live()
{
    for (;;) { (*body)(); running->done = true; standin_switch(&running->stack_pointer, scheduler); }
}
static Fibre* new_fibre()
{
    Fibre* fibre = new Fibre;
    char* stack = (char*)mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    void** top = (void**)(stack + STACK);
    *--top = nullptr; *--top = (void*)live;  // aligned as after a call
    for (int i = 0; i < 6; i++) *--top = nullptr;
    fibre->stack_pointer = top;
    return fibre;
}
static void resume(Fibre* fibre)
{
    running = fibre; here = fibre->at; thread_number = fibre->number;
    standin_switch(&scheduler, fibre->stack_pointer);
}
void barrier() { standin_switch(&running->stack_pointer, scheduler); }

// ---- launches
static std::vector<char>& shared_memory = *new std::vector<char>;
void* dynamic_shared() { return shared_memory.data(); }

struct Launched { const char* name; dim3 grid, block; size_t shared; std::function<void()> thread; const char* how; };

static void run_now(const Launched& launched)
{
    const char* name = launched.name;
    const dim3 grid = launched.grid, block = launched.block;
    const unsigned threads = block.x*block.y*block.z, size = grid.x*grid.y*grid.z;
    if (!threads || !size || threads > 1024 || grid.y > 65535 || grid.z > 65535) {
        fprintf(stderr, "stand-in: %s launched with %u blocks of %u threads\n", name, size, threads);
        abort();
    }
    counts[std::string(launched.how) + name]++;
    launch_number++; kernel = name; body = &launched.thread;
    shared_memory.assign(launched.shared, (char)0xFF);
    unlock(); in_kernel = true;
    std::vector<unsigned> blocks(size), order_in_block(threads);
    for (unsigned i = 0; i < size; i++) blocks[i] = i;
    arrange(blocks);
    std::vector<Fibre*> waiting, next;
    for (unsigned b : blocks) {
        for (unsigned i = 0; i < threads; i++) order_in_block[i] = i;
        arrange(order_in_block);
        barriers = 0; block_number++; next.clear();
        auto step = [&](Fibre* fibre) { resume(fibre); (fibre->done ? idle : next).push_back(fibre); };
        for (unsigned t : order_in_block) {
            if (idle.empty()) idle.push_back(new_fibre());
            Fibre* fibre = idle.back(); idle.pop_back();
            const dim3 at(t%block.x, t/block.x%block.y, t/block.x/block.y);
            *fibre = {fibre->stack_pointer, {at, dim3(b%grid.x, b/grid.x%grid.y, b/grid.x/grid.y), block, grid}, b*threads + t, false};
            step(fibre);
        }
        while (!next.empty()) {
            if (next.size() != threads) counts[std::string("barrier not reached by all in ") + name]++;
            barriers++; waiting.swap(next); next.clear();
            arrange(waiting);
            for (Fibre* fibre : waiting) step(fibre);
        }
    }
    in_kernel = false; lock();
}

static const bool lazy = option("STANDIN_LAZY", "0") == "1";
static std::vector<Launched>& pending = *new std::vector<Launched>;
static void submit(const Launched& launched)
{
    if (lazy) pending.push_back(launched);
    else run_now(launched);
}

// ---- graphs: what has been launched into a stream, with the parameters that it had then
struct Graph { std::vector<Launched> launches; };
static cudaStream_t captured;
static Graph* capturing;

static void fail(const std::string& what)
{
    fprintf(stderr, "stand-in: %s\n", what.c_str());
    abort();
}
cudaStream_t new_stream() { return (cudaStream_t) new char; }
void begin_capture(cudaStream_t stream)
{
    if (!stream) fail("the standard stream cannot be captured");
    if (capturing) fail("a stream is captured already");
    captured = stream; capturing = new Graph;
}
Graph* end_capture(cudaStream_t stream)
{
    if (!capturing || stream != captured) fail("this stream is not captured");
    Graph* graph = capturing;
    capturing = nullptr;
    return graph;
}
Graph* instance(const Graph* graph) { return new Graph(*graph); }
void discard(Graph* graph) { delete graph; }
void start(const Graph* graph, cudaStream_t)
{
    if (capturing) fail("a graph is started while a stream is captured");
    counts["graph"]++;
    for (const auto& launched : graph->launches) submit(launched);
}

void synchronize()
{
    if (in_kernel) return;
    if (capturing) fail("the host waits for, copies or allocates something while a stream is captured");
    std::vector<Launched> now;
    now.swap(pending);
    for (auto& launched : now) run_now(launched);
}
void run(const char* name, dim3 grid, dim3 block, size_t shared, cudaStream_t stream, std::function<void()> thread)
{
    if (capturing && stream != captured) fail(std::string(name) + " is launched into another stream than the captured one");
    if (capturing) capturing->launches.push_back({name, grid, block, shared, std::move(thread), "in a graph "});
    else submit({name, grid, block, shared, std::move(thread), "launch "});
}

static struct Report {
    ~Report()
    {
        const std::string file = option("STANDIN_REPORT", "");
        if (file.empty()) return;
        std::ofstream out(file);
        for (auto& count : counts) out << count.second << '\t' << count.first << '\n';
        write_races(out);
    }
} at_exit;

// ---- random numbers of the host interface of cuRAND
double uniform(unsigned long long& state)
{
    unsigned long long z = state += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30))*0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27))*0x94D049BB133111EBull;
    return (((z ^ (z >> 31)) >> 11) + 0.5)/9007199254740992.0;
}
}

using namespace standin;
template <class T, class F> static curandStatus_t fill(T* to, size_t n, F draw)
{
    std::vector<T> host(n);
    for (auto& value : host) value = (T)draw();
    copy(to, host.data(), n*sizeof(T), cudaMemcpyHostToDevice);
    return CURAND_STATUS_SUCCESS;
}
static double normal(unsigned long long& s)
{
    const double u = uniform(s), v = uniform(s);
    return std::sqrt(-2*std::log(u))*std::cos(6.283185307179586*v);
}
curandStatus_t curandGenerateUniform(curandGenerator_t g, float* p, size_t n) { return fill(p, n, [&] { return 1 - (float)uniform(*g); }); }
curandStatus_t curandGenerateUniformDouble(curandGenerator_t g, double* p, size_t n) { return fill(p, n, [&] { return uniform(*g); }); }
curandStatus_t curandGenerateNormal(curandGenerator_t g, float* p, size_t n, float m, float s) { return fill(p, n, [&] { return m + s*normal(*g); }); }
curandStatus_t curandGenerateNormalDouble(curandGenerator_t g, double* p, size_t n, double m, double s) { return fill(p, n, [&] { return m + s*normal(*g); }); }
curandStatus_t curandGeneratePoisson(curandGenerator_t g, unsigned* p, size_t n, double lambda)
{
    return fill(p, n, [&] { double limit = std::exp(-lambda), q = 1; unsigned k = 0; do { k++; q *= uniform(*g); } while (q > limit); return k - 1; });
}
