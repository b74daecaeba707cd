/* The CRC of two runs of bytes behind each other, from theirs. */
#ifndef WB_BASE_CRC_COMBINE_H
#define WB_BASE_CRC_COMBINE_H

#include <stdint.h>

enum wb_crc { WB_CRC_32, WB_CRC_32C, WB_CRC_64NVME };

uint64_t wb_crc_combine(enum wb_crc kind, uint64_t a, uint64_t b, uint64_t length_b);

#endif
