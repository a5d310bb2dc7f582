import { LineChart, ScatterChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components'
import * as echarts from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

echarts.use([LineChart, ScatterChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

export interface Plot {
  title: string
  x: string
  y: string
  /** Powers of ten along y, for values far apart; all must be above 0. */
  logarithmic?: boolean
  series: { name: string; points: [number, number][]; line?: boolean }[]
}

/** A picture of points and lines, as an SVG that needs nothing else. */
export function plot({ title, x, y, logarithmic, series }: Plot): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 760, height: 400 })
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, left: 'center', textStyle: { fontSize: 15 } },
    legend: { bottom: 0, itemGap: 25 },
    grid: { left: 80, right: 30, top: 50, bottom: 70 },
    xAxis: { type: 'value', name: x, nameLocation: 'middle', nameGap: 28 },
    yAxis: {
      type: logarithmic ? 'log' : 'value',
      name: y,
      nameLocation: 'middle',
      nameGap: 60,
      // A power of ten as people write it, not as a double holds it.
      axisLabel: { formatter: (value: number) => String(Number(value.toPrecision(3))) },
    },
    series: series.map(({ name, points, line }) => ({
      type: line ? 'line' : 'scatter',
      name,
      symbolSize: line ? 0 : 6,
      lineStyle: { width: 1 },
      data: points,
    })),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  // What is drawn, for those who do not see it.
  return `${svg.replace('>', `><title>${title}</title>`)}\n`
}
