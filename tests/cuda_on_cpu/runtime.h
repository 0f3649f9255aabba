// What the parts of the runtime know of each other.
#pragma once
#include "include/standin.h"

namespace standin {

std::string option(const char* name, const char* standard);

// Device memory is one arena, known by its addresses.
const size_t ARENA = size_t(1) << 34;
extern char* arena;
inline bool on_device(const void* p) { return size_t((const char*)p - arena) < ARENA; }
std::string array_at(const void* address);  // its name, "" where none is
void unlock();  // device code or a copy begins
void lock();    // and ends

// The thread that runs.
extern bool in_kernel;
extern const char* kernel;
extern unsigned launch_number, block_number, thread_number, barriers;

extern std::map<std::string, long>& counts;
void write_races(std::ostream& out);

}
