/*
 * CRC-32C (Castagnoli; row checksums; SSE 4.2 where the CPU has it) and CRC-32 (IEEE; x-amz-crc32)
 * and CRC-64/NVME (S3's default checksum).
 */
#ifndef WB_BASE_CRC_H
#define WB_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

uint32_t wb_crc32c(uint32_t crc, const void *p, size_t n);    /* start with 0 */
uint32_t wb_crc32(uint32_t crc, const void *p, size_t n);     /* start with 0 */
uint64_t wb_crc64nvme(uint64_t crc, const void *p, size_t n); /* start with 0 */

#endif
