/* For the test of CRC-32C: the table-driven way, whatever the CPU can do. */
#ifndef WB_BASE_CRC_INTERNAL_H
#define WB_BASE_CRC_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

uint32_t wb_crc32c_table(uint32_t crc, const void *p, size_t n);

#endif
